// The OpenTSDB sink over telnet, best effort. OpenTSDB does not confirm points or name a refused point. It reports
// a storage error while later points are in flight.

import type { Clock } from '../../../runtime/clock.ts';
import { withAnySignal, abortable } from '../../../runtime/deadline.ts';
import type { Log } from '../../../runtime/log.ts';
import { logThrottle } from '../../../runtime/log-throttle.ts';
import type { DataPoint } from '../../../model/point.ts';
import { valueCounts, type Verdict } from '../../../model/sink.ts';
import { type TsdHost, tsdHosts } from '../http/hosts.ts';
import type { OpenTsdbSink, SinkStatus } from '../http/http-sink.ts';
import { NoVerdict } from '../../no-verdict.ts';
import { writeWithDefaultTag } from '../text/default-tag.ts';
import { renderLegal } from '../text/render.ts';
import { countedWrites } from '../write-counts.ts';
import { telnetConnection, type TelnetConnection } from './connection.ts';
import { verdictOfLines } from './verdict.ts';

export interface TsdTelnetOptions {
  /** Such as http://tsdb.example:4242; only host and port are used. Tried in turn. */
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Default `opentsdb`. */
  readonly name?: string;
}

export interface TelnetSinkStatus extends SinkStatus {
  /** Received lines that are not answers to `version`: mostly errors. */
  readonly errorLines: number;
}

export interface OpenTsdbTelnetSink extends OpenTsdbSink {
  status(): TelnetSinkStatus;
}

/** LineBasedFrameDecoder(1024): a longer line may be accepted or close the connection, depending on TCP segments. */
const maxLineBytes = 1024;
const batchPoints = 500;

/**
 * Opens the sink; it connects at the first write. A batch is accepted when the receiver has read all of it, as its answer
 * to `version` shows. Points with a metric that is reported unknown are rejected; a reported storage error keeps the batch.
 *
 * @throws Error for a URL that cannot be used
 */
export function openTsdbTelnet({ urls, clock, log, name = 'opentsdb' }: TsdTelnetOptions): OpenTsdbTelnetSink {
  const hosts = tsdHosts({ urls, clock, log });
  const closing = new AbortController();
  const writes = countedWrites();
  const throttle = logThrottle(clock);
  let errorLines = 0;
  const message = 'OpenTSDB: an error by telnet, which does not tell the point; at most one a minute is logged';
  const connectionTo = connectionPool(clock, closing.signal, (line) => {
    errorLines += 1;
    throttle(() => log.warn({ line, errorLines }, message));
  });

  async function putLines(points: readonly DataPoint[], signal: AbortSignal): Promise<Verdict> {
    const { legal, rejected } = renderLegal(points, 'put', maxLineBytes);
    if (legal.length === 0) return { rejected, kept: [] };
    const lines = legal.map(({ text }) => text);
    const replies = await hosts.tryInTurn(
      async (host) => (await abortable(connectionTo(host), signal)).send(lines, signal),
      signal,
    );
    const sent = legal.map(({ point }) => point);
    const verdict = verdictOfLines(sent, replies);
    return { rejected: [...rejected, ...verdict.rejected], kept: verdict.kept };
  }

  function write(points: readonly DataPoint[], signal: AbortSignal): Promise<Verdict> {
    return withAnySignal([signal, closing.signal], (either) =>
      writeWithDefaultTag(points, (tagged) => putLines(tagged, either)),
    );
  }

  return {
    name,
    batchPoints: () => batchPoints,
    write: (points, { signal }) =>
      writes.count(write(points, signal), signal, (verdict) => valueCounts(points, verdict)),
    async close() {
      closing.abort(new NoVerdict('the sink is closed'));
    },
    status: () => ({ url: hosts.current().label, ...writes.counts(), errorLines }),
  };
}

/** Keeps one connection to each host. The signal closes them. */
function connectionPool(
  clock: Clock,
  signal: AbortSignal,
  onLine: (line: string) => void,
): (host: TsdHost) => Promise<TelnetConnection> {
  const pool = new Map<TsdHost, Promise<TelnetConnection>>();
  return (host) => {
    const existing = pool.get(host);
    if (existing !== undefined) return existing;
    const forget = (): void => void (pool.get(host) === connection && pool.delete(host));
    const connection = telnetConnection({ host, clock, onLine, onClose: forget, signal });
    connection.catch(forget);
    pool.set(host, connection);
    return connection;
  };
}
