// A sink for InfluxDB 3. It posts line protocol to /api/v3/write_lp, which answers with the lines that it refused.
//
// The answers are described at https://docs.influxdata.com/influxdb3/core/write-data/http-api/v3-write-lp/

import type { Clock } from 'catchpoint-opentsdb-bridge/clock';
import type { DataPoint } from 'catchpoint-opentsdb-bridge/point';
import type { Ruling, Sink } from 'catchpoint-opentsdb-bridge/sink';

export interface InfluxDbOptions {
  /** Such as `http://127.0.0.1:8181`. */
  readonly url: string;
  readonly database: string;
  readonly token?: string;
  readonly clock: Clock;
  /** Default 30 s. */
  readonly timeoutMs?: number;
  /** Default `influxdb`. The spool keeps the sink's position under this name. */
  readonly name?: string;
}

/** An answer names at most 100 refused lines, so a request has at most as many. */
const maxLines = 100;

/** Names as sources deliver them, a decimal value, and nanoseconds of 19 digits (the years 2001 to 2286). */
const legalLine = /^[\w./+-]+(,[\w./-]+=[\w./-]+){0,8} value=-?\d+(\.\d+)?([eE][+-]?\d+)? \d{19}$/;
const maxLineBytes = 65_536;

/** Connects at the first write. Writing a point again replaces it by an equal one. */
export function influxDbSink(options: InfluxDbOptions): Sink {
  const { name = 'influxdb' } = options;
  let isClosed = false;
  return {
    name,
    batchPoints: () => maxLines,
    async write(points, { signal }) {
      signal.throwIfAborted();
      if (isClosed) throw new Error(`${name}: the sink is closed`);
      const legal = points.filter(isLegal);
      const rejected: Ruling[] = points.filter((point) => !isLegal(point)).map(notSent);
      const kept: Ruling[] = [];
      for (let start = 0; start < legal.length; start += maxLines) {
        const sent = legal.slice(start, start + maxLines);
        for (const { line_number, error_message: reason } of await post(sent, options, signal)) {
          const point = sent[line_number - 1];
          if (point === undefined) throw new Error(`${name}: refused line ${line_number} of ${sent.length}`);
          // An administrator can raise a limit, so the outlet writes those points again, for up to a day.
          (/would exceed/.test(reason) ? kept : rejected).push({ point, reason });
        }
      }
      return { rejected, kept };
    },
    async close() {
      isClosed = true;
    },
  };
}

/** Fields are 64-bit floats, which round integers beyond 2 ** 53. */
function isLegal(point: DataPoint): boolean {
  const line = lineOf(point);
  const number = Number(point.value);
  const isExact = /[.eE]/.test(point.value) || Number.isSafeInteger(number);
  return legalLine.test(line) && line.length <= maxLineBytes && Number.isFinite(number) && isExact;
}

function notSent(point: DataPoint): Ruling {
  return { point, reason: `not sent: no line of InfluxDB: ${lineOf(point).slice(0, 200)}` };
}

function lineOf({ metric, timestamp, unit, value, tags }: DataPoint): string {
  const tagSet = Object.entries(tags).map(([tag, text]) => `,${tag}=${text}`);
  return `${metric}${tagSet.join('')} value=${value} ${timestamp}${unit === 's' ? '000000000' : '000000'}`;
}

interface RefusedLine {
  /** Counts from 1. */
  readonly line_number: number;
  readonly error_message: string;
}

/** Returns the lines that InfluxDB refused. Throws when it gives no answer, or one that names no lines. */
async function post(
  points: readonly DataPoint[],
  options: InfluxDbOptions,
  signal: AbortSignal,
): Promise<readonly RefusedLine[]> {
  const { status, text } = await answerTo(points.map(lineOf).join('\n'), options, signal);
  if (status === 204) return [];
  // {"error": "partial write of line protocol occurred", "data": [{"line_number": 2, …}]}; 422 if a limit is among them.
  const namesLines = (status === 400 || status === 422) && text.includes('"line_number"');
  const data: unknown = namesLines ? (JSON.parse(text) as { data: unknown }).data : undefined;
  if (Array.isArray(data)) return data as RefusedLine[];
  throw new Error(`${options.url}: answered ${status}: ${text.slice(0, 200)}`);
}

/** Aborts with `signal` and after the timeout. AbortSignal.any leaks on a signal that lives as long as the process. */
async function answerTo(
  body: string,
  { url, database, token, clock, timeoutMs = 30_000 }: InfluxDbOptions,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const request = new AbortController();
  const cancel = (): void => request.abort();
  signal.addEventListener('abort', cancel);
  const timeOut = (): void => request.abort(new Error(`no answer within ${timeoutMs / 1000} s`));
  clock.sleep(timeoutMs, { signal: request.signal }).then(timeOut, () => {});
  try {
    const query = new URLSearchParams({ db: database, precision: 'nanosecond', accept_partial: 'true' });
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const target = `${url}/api/v3/write_lp?${query}`;
    const response = await fetch(target, { method: 'POST', headers, body, signal: request.signal });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    signal.throwIfAborted();
    const { message, cause } = error as Error;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : message}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', cancel);
    request.abort();
  }
}
