// Splits the bytes of a telnet connection into answers to `version` and other lines, mostly errors about puts.

/** InfluxDB's answer to `version`, which has no line feed. */
const influx = 'InfluxDB TSDB proxy';
const maxLineBytes = 65_536;

/**
 * Returns the consumer of chunks. OpenTSDB answers `version` with two lines, of which the second begins `Built on`.
 *
 * @param onVersion - called after each complete answer to `version`
 * @param onLine - called with at most 300 characters of any other line
 */
export function telnetAnswers(onVersion: () => void, onLine: (line: string) => void): (chunk: Buffer) => void {
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
