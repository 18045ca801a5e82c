// A Backstop, with its answers, that passes what it takes on as Carbon's lines, and scripted faults.

import type { ExecutionContext } from 'ava';
import { isLosslessNumber, parse } from 'lossless-json';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HttpAnswer } from '../../src/simulator/tsd/answers.ts';
import { exchange, send } from '../../src/simulator/tsd/http.ts';
import { certificate, privateKey } from './certificate.ts';
import type { Fault } from './tsd.ts';

export interface FakeBackstopOptions {
  /** The names that /publish/ accepts; default `test`. */
  readonly prefixes?: readonly string[];
  /** `user:password` pairs; default none. */
  readonly auth?: readonly string[];
  readonly isTls?: boolean;
  /** The limit of a proxy before it, which answers 413 above. */
  readonly maxBodyBytes?: number;
  /** Elements that it takes for incomplete. */
  readonly isIncomplete?: (element: PublishedElement) => boolean;
}

/** Numbers are texts. */
export interface PublishedElement {
  readonly metric: string;
  readonly value: string;
  readonly measure_time: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly id?: string;
}

export interface RecordedPublication {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeBackstop {
  readonly url: string;
  readonly requests: readonly RecordedPublication[];
  /** What it has passed on, in order. */
  readonly taken: readonly PublishedElement[];
  /** The same as Carbon's lines: prefix and metric, value, time. */
  lines(): string[];
  /** Applies one fault to each of the next requests. */
  play(...faults: readonly Fault[]): void;
  /** Applies a fault to every later request. */
  always(fault: Fault): void;
  untilRequests(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens one on a free port, and closes it after the test. */
export async function fakeBackstop(
  t: Pick<ExecutionContext, 'teardown'>,
  options: FakeBackstopOptions = {},
): Promise<FakeBackstop> {
  const requests: RecordedPublication[] = [];
  const taken: { readonly prefix: string; readonly element: PublishedElement }[] = [];
  const played: Fault[] = [];
  let standing: Fault | undefined;
  let watchers: (() => void)[] = [];
  const listener: RequestListener = (request, response) => {
    const current = exchange(request);
    const answer = async (): Promise<HttpAnswer> =>
      answerTo(options, request, await current.body(), (prefix, element) => void taken.push({ prefix, element }));
    const run = async (): Promise<void> => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, path: url, headers, body: String(await current.body()) });
      for (const watcher of watchers.splice(0)) watcher();
      const fault = played.shift() ?? standing;
      send(response, await (fault === undefined ? answer() : fault(current, answer)));
    };
    run().catch(() => response.socket?.destroy());
  };
  const server =
    options.isTls === true ? createTlsServer({ cert: certificate, key: privateKey }, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.teardown(close);
  return {
    url: `${options.isTls === true ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get taken() {
      return taken.map(({ element }) => element);
    },
    lines: () =>
      taken.map(({ prefix, element: { metric, value, measure_time: time } }) => `${prefix}.${metric} ${value} ${time}`),
    play: (...faults) => void played.push(...faults),
    always: (fault) => void (standing = fault),
    async untilRequests(count) {
      while (requests.length < count) await new Promise<void>((resolve) => watchers.push(resolve));
    },
    close,
  };
}

type Take = (prefix: string, element: PublishedElement) => void;

/** In the order of the real one: password, JSON, prefix, then item by item; those before a bad item are passed on. */
function answerTo(
  options: FakeBackstopOptions,
  { method, url = '', headers }: IncomingMessage,
  body: Buffer,
  take: Take,
): HttpAnswer {
  const { prefixes = ['test'], auth = [], maxBodyBytes = Infinity, isIncomplete = () => false } = options;
  if (body.length > maxBodyBytes) return text(413, '<html>413 Request Entity Too Large</html>');
  if (method === 'GET' && url === '/health') return { status: 200, type: 'text/html', body: '{"health":"ok"}' };
  const given = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
  if (auth.length > 0 && !auth.includes(given)) return text(401, 'Not authorized\n');
  const prefix = /^\/publish\/([^/?]+)$/.exec(url)?.[1];
  if (method !== 'POST' || prefix === undefined) return text(404, '<h1>Not Found</h1>');
  const json = parsed(body);
  if (json === undefined) return text(400, 'JSON is required');
  if (!prefixes.includes(prefix)) return text(404, 'unknown prefix');
  if (typeof json !== 'object' || json === null || isLosslessNumber(json))
    return text(500, '<h1>Internal Server Error</h1>');
  for (const item of Array.isArray(json) ? json : [json]) {
    const element = elementOf(item);
    if (element === undefined || isIncomplete(element)) return text(400, 'missing fields');
    take(prefix, element);
  }
  return text(200, 'ok');
}

function text(status: number, body: string): HttpAnswer {
  return { status, type: 'text/html', body };
}

function parsed(body: Buffer): unknown {
  try {
    return parse(body.toString());
  } catch {
    return undefined;
  }
}

/** Undefined where a field is missing or false, as Ruby sees it. */
function elementOf(item: unknown): PublishedElement | undefined {
  const element = Object.fromEntries(
    Object.entries(item as object).map(([name, value]) => [
      name,
      isLosslessNumber(value) ? value.value : (value as unknown),
    ]),
  );
  const isComplete = ['metric', 'value', 'measure_time'].every(
    (name) => ![undefined, null, false].includes(element[name] as null),
  );
  return isComplete ? (element as unknown as PublishedElement) : undefined;
}
