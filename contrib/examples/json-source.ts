// A source of readings. POST /readings takes a list of JSON objects, and answers 200 once their points are on disk.
//
//   [{"metric": "room.celsius", "time": 1794994452, "value": 11.3, "tags": {"room": "cellar"}}]

import type { Log } from 'catchpoint-opentsdb-bridge/log';
import type { DataPoint, Deliver, MalformedBody } from 'catchpoint-opentsdb-bridge/point';
import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';

export interface ReadingsOptions {
  /** `append` of a spool. */
  readonly deliver: Deliver;
  readonly log: Log;
  /** Receives each body that is answered 400, such as `samples.take` of a spool. */
  readonly malformed?: (body: MalformedBody) => void;
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number;
}

/** The characters that every sink accepts in a metric, a tag's name and a tag's value. */
const legalName = /^[A-Za-z0-9._/-]+$/;
const maxTags = 8;

/** Its message is for the sender. The package's own errors for senders have a status as well: `SpoolFull` has 503. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function readings(options: ReadingsOptions): RequestListener {
  return (request, response) => {
    answer(request, options).then(
      () => response.writeHead(200).end(),
      (error: Error & { readonly status?: number; readonly retryAfterMs?: number }) => {
        const { status = 500, message, retryAfterMs } = error;
        if (status === 500) options.log.error(error, 'readings were not stored');
        if (retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterMs / 1000));
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: status === 500 ? 'not stored' : message }));
      },
    );
  };
}

async function answer(request: IncomingMessage, options: ReadingsOptions): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/readings') throw new Refused(404, 'expected POST /readings');
  const body = await bodyOf(request, options.maxBodyBytes ?? 2 ** 20);
  const points = pointsOf(body, (reason) => {
    options.malformed?.({ body, reason, from: request.socket.remoteAddress ?? 'unknown' });
    return new Refused(400, reason);
  });
  // A sender that got no answer sends the same body again: its points are stored once.
  const digest = createHash('sha256').update(body).digest('hex');
  await options.deliver(points, { run: { key: `readings ${digest}`, digest } });
}

/** Reads a body that is too large to its end, because a sender that still sends may not see the answer. */
async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  if (bytes > maxBytes) throw new Refused(413, `expected at most ${maxBytes} bytes`);
  return Buffer.concat(chunks);
}

function pointsOf(body: Buffer, malformed: (reason: string) => Error): readonly DataPoint[] {
  const list = parsed(body.toString());
  if (!Array.isArray(list) || list.length === 0)
    throw malformed(`expected a JSON list of readings, found ${body.toString('utf8', 0, 40)}`);
  return list.map((reading: unknown, index) => {
    const { metric, time, value, tags } = Object(reading) as Record<string, unknown>;
    const expect = (isRight: boolean, expected: string, found: unknown): void => {
      if (!isRight) throw malformed(`[${index}].${expected}, found ${JSON.stringify(found)?.slice(0, 40)}`);
    };
    expect(isLegalName(metric), 'metric: expected letters, digits and ._/-', metric);
    expect(isSeconds(time), 'time: expected seconds since 1970', time);
    expect(Number.isFinite(value), 'value: expected a number', value);
    expect(isTags(tags), `tags: expected 1 to ${maxTags} names with values of letters, digits and ._/-`, tags);
    return {
      metric: metric as string,
      timestamp: time as number,
      unit: 's',
      value: floatText(value as number),
      tags: tags as Record<string, string>,
    };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLegalName(name: unknown): name is string {
  return typeof name === 'string' && legalName.test(name);
}

function isSeconds(time: unknown): boolean {
  return Number.isInteger(time) && (time as number) > 0 && (time as number) < 2 ** 32;
}

function isTags(tags: unknown): boolean {
  const entries = Object.entries(Object(tags));
  return entries.length >= 1 && entries.length <= maxTags && entries.flat().every(isLegalName);
}

/** Always a float: OpenTSDB fails queries over an hour that has integers and floats at the same instant. */
function floatText(value: number): string {
  return Number.isSafeInteger(value) ? value.toFixed(1) : String(value);
}
