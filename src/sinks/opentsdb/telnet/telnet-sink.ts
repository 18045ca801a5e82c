// The OpenTSDB sink by telnet: best-effort. OpenTSDB says nothing of a point that it takes, names no point that it refuses,
// and tells of a storage error when the next points are long under way.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import type { DataPoint } from '../../../model/point.ts';
import type { Verdict } from '../../../model/sink.ts';
import { linked, orAborted } from '../../../runtime/deadline.ts';
import { hosts, type TsdHost } from '../http/hosts.ts';
import type { OpenTsdbSink, SinkStatus } from '../http/http-sink.ts';
import { NoVerdict } from '../no-verdict.ts';
import { renderLegal } from '../text/render.ts';
import { writeWithDefaultTag } from '../text/default-tag.ts';
import { errorLines } from './error-lines.ts';
import { verdictOfLines } from './verdicts.ts';
import { telnetConnection, type TelnetConnection } from './connection.ts';

export interface TsdTelnetOptions {
  /** Such as http://tsdb.example:4242, of which host and port are used; tried in turn. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Default `opentsdb`. */
  readonly name?: string;
}

export interface TelnetSinkStatus extends SinkStatus {
  /** Lines that came back and were no answer to `version`: errors, mostly. */
  readonly errorLines: number;
}

export interface OpenTsdbTelnetSink extends OpenTsdbSink {
  status(): TelnetSinkStatus;
}

/** LineBasedFrameDecoder(1024): a longer line is taken or closes the connection, as TCP happens to cut it. */
const maxLineBytes = 1024;
const batchPoints = 500;

/**
 * Opens the sink; connects when points come.
 *
 * A batch is taken when the far side has read all of it, told by its answer to `version`. Points of a metric that it calls
 * unknown meanwhile are rejected; when it tells of a storage error, the batch is kept.
 *
 * @throws Error for a URL that cannot be used
 */
export function openTsdbTelnet({ urls, clock, log, name = 'opentsdb' }: TsdTelnetOptions): OpenTsdbTelnetSink {
  const all = hosts({ urls, clock, log });
  const closing = new AbortController();
  const errors = errorLines(clock, log);
  const lines = switchboard(clock, errors.note, closing.signal);
  const tally = { accepted: 0, rejected: 0, kept: 0, lastError: undefined as string | undefined };

  async function write(points: readonly DataPoint[], signal: AbortSignal): Promise<Verdict> {
    const { legal, rejected } = renderLegal(points, 'put', maxLineBytes);
    if (legal.length === 0) return { rejected, kept: [] };
    const replies = await all.ask(
      (host) =>
        lines.send(
          host,
          legal.map(({ text }) => text),
          signal,
        ),
      signal,
    );
    const verdict = verdictOfLines(
      legal.map(({ point }) => point),
      replies,
    );
    return { rejected: [...rejected, ...verdict.rejected], kept: verdict.kept };
  }

  return {
    name,
    batchPoints: () => batchPoints,
    async write(points, { signal }) {
      try {
        const verdict = await linked([signal, closing.signal], (either) =>
          writeWithDefaultTag(points, (sent) => write(sent, either)),
        );
        tally.accepted += points.length - verdict.rejected.length - verdict.kept.length;
        tally.rejected += verdict.rejected.length;
        tally.kept += verdict.kept.length;
        tally.lastError = verdict.kept[0]?.reason ?? verdict.rejected[0]?.reason;
        return verdict;
      } catch (error) {
        tally.lastError = (error as Error).message;
        throw error;
      }
    },
    async close() {
      closing.abort(new NoVerdict('the sink is closed'));
      lines.close();
    },
    status: () => ({ url: all.current().label, ...tally, errorLines: errors.count() }),
  };
}

interface Switchboard {
  send(host: TsdHost, lines: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  close(): void;
}

/** One connection to a host, made when there is none. */
function switchboard(clock: Clock, onLine: (line: string) => void, signal: AbortSignal): Switchboard {
  const open = new Map<TsdHost, Promise<TelnetConnection>>();

  function connection(host: TsdHost): Promise<TelnetConnection> {
    const present = open.get(host);
    if (present !== undefined) return present;
    const forget = (): void => void (open.get(host) === made && open.delete(host));
    const made = telnetConnection({ host, clock, onLine, onClose: forget, signal });
    made.catch(forget);
    open.set(host, made);
    return made;
  }

  return {
    send: async (host, lines, sending) => (await orAborted(connection(host), sending)).send(lines, sending),
    close() {
      for (const made of open.values())
        made.then(
          ({ close }) => close(),
          () => {},
        );
    },
  };
}
