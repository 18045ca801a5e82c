// Reads what comes back on a telnet connection: answers to `version`, and lines about puts that failed.

export interface TelnetAnswersOptions {
  /** An answer to `version` is complete. */
  readonly onVersion: () => void;
  /** A line that is none: an error, mostly. */
  readonly onLine: (line: string) => void;
}

/** InfluxDB's answer to `version`, without an end of line. */
const influx = 'InfluxDB TSDB proxy';
const maxLineBytes = 65_536;

/** Takes the chunks as they come. OpenTSDB answers `version` with two lines, of which the second begins `Built on`. */
export function telnetAnswers({ onVersion, onLine }: TelnetAnswersOptions): (chunk: Buffer) => void {
  let rest = '';
  function take(line: string): void {
    if (line.startsWith('Built on ')) onVersion();
    else if (!/^net\.opentsdb\S* .* built at revision /.test(line) && line !== '') onLine(line.slice(0, 300));
  }
  return (chunk) => {
    rest += chunk.toString('latin1');
    for (;;) {
      const end = rest.indexOf('\n');
      if (rest.startsWith(influx)) {
        rest = rest.slice(influx.length);
        onVersion();
      } else if (end >= 0) {
        take(rest.slice(0, end).replace(/\r$/, ''));
        rest = rest.slice(end + 1);
      } else {
        break;
      }
    }
    if (rest.length > maxLineBytes) rest = '';
  };
}
