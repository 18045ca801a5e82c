// The simulator's OpenTSDB, with scripted faults and a record of every request.

import type { ExecutionContext } from 'ava';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { openTsd, type Tsd, type TsdOptions } from '../../src/simulator/tsd/tsd.ts';
import type { TsdAnswer } from '../../src/simulator/tsd/answers.ts';
import type { Exchange } from '../../src/simulator/tsd/http.ts';
import type { Storage } from '../../src/simulator/tsd/store.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As received, perhaps compressed; empty if the fault did not read it. */
  readonly body: Buffer;
}

/** Answers in place of OpenTSDB, or changes its answer. */
export type Fault = (exchange: Exchange, answer: () => Promise<TsdAnswer>) => Promise<TsdAnswer>;

export interface FakeTsd extends Tsd {
  readonly requests: readonly RecordedRequest[];
  /** The bytes received by telnet, over all connections. */
  telnetBytes(): Buffer;
  /** The open telnet connections. */
  readonly telnetSockets: ReadonlySet<Socket>;
  /** Applies one fault to each of the next requests. */
  play(...faults: readonly Fault[]): void;
  /** Applies a fault to every later request, after those of `play`; undefined: none. */
  always(fault: Fault | undefined): void;
  /** Replaces the storage. */
  store(storage: Storage): void;
  untilRequests(count: number): Promise<void>;
}

export interface FakeTsdOptions extends Omit<TsdOptions, 'intercept' | 'storage'> {
  /** Receives every telnet connection; returns true if it serves the connection in place of OpenTSDB. */
  readonly telnetPeer?: (socket: Socket, first: Buffer) => boolean;
}

/** Faults before the body is read. */
const beforeBody = new WeakSet<Fault>();

/** Resets the connection after so many bytes of the body. */
export function resetAfter(bytes: number): Fault {
  const fault: Fault = ({ request }) =>
    new Promise((resolve) => {
      let received = 0;
      request.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received >= bytes) resolve('reset');
      });
    });
  beforeBody.add(fault);
  return fault;
}

/** Never answers. */
export const hang: Fault = () => new Promise(() => {});

/** Closes the connection without an answer, and stores nothing. */
export const closed: Fault = async () => 'close';

/** Stores everything, and closes the connection without an answer. */
export const answerLost: Fault = async (_, answer) => {
  await answer();
  return 'close';
};

/** Answers with a text: HTML if it begins with `<`, JSON if with `{`. */
export function answers(status: number, text = '', headers: Readonly<Record<string, string>> = {}): Fault {
  const type = text.startsWith('<') ? 'text/html' : text.startsWith('{') ? 'application/json' : 'text/plain';
  return async () => ({ status, type, body: text, headers });
}

/** Answers with OpenTSDB's error object, as an authentication plugin does. */
export function refuses(message: string, code = 400): Fault {
  return answers(code, JSON.stringify({ error: { code, message, trace: 'net.opentsdb.tsd.BadRequestException' } }));
}

/** Sends these bytes in place of an answer, and closes the connection. */
export function raw(text: string): Fault {
  return async () => ({ raw: text });
}

/** Answers as OpenTSDB, but not before `release` is called. */
export function held(): { readonly fault: Fault; release(): void } {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => void (release = resolve));
  return {
    release: () => release(),
    async fault(_, answer) {
      await released;
      return answer();
    },
  };
}

/** Opens one on a free port, and closes it after the test. */
export async function fakeTsd(t: ExecutionContext, { telnetPeer, ...options }: FakeTsdOptions = {}): Promise<FakeTsd> {
  const requests: RecordedRequest[] = [];
  const telnetChunks: Buffer[] = [];
  const telnetSockets = new Set<Socket>();
  const played: Fault[] = [];
  let standing: Fault | undefined;
  let storage: Storage = () => 'stored';
  let watchers: (() => void)[] = [];

  async function intercept(exchange: Exchange, answer: () => Promise<TsdAnswer>): Promise<TsdAnswer> {
    const { method = '', url = '', headers } = exchange.request;
    const request: { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] } = {
      method,
      path: url,
      headers,
      body: Buffer.alloc(0),
    };
    requests.push(request);
    const fault = played.shift() ?? standing;
    if (fault === undefined || !beforeBody.has(fault)) request.body = await exchange.body();
    for (const watcher of watchers.splice(0)) watcher();
    return fault === undefined ? answer() : fault(exchange, answer);
  }

  function interceptTelnet(socket: Socket, first: Buffer): boolean {
    telnetSockets.add(socket);
    socket.on('close', () => telnetSockets.delete(socket));
    telnetChunks.push(first);
    socket.on('data', (chunk: Buffer) => telnetChunks.push(chunk));
    return telnetPeer?.(socket, first) ?? false;
  }

  const tsd = await openTsd({ ...options, storage: (point) => storage(point), intercept, interceptTelnet });
  t.teardown(() => tsd.close());
  return {
    ...tsd,
    requests,
    telnetBytes: () => Buffer.concat(telnetChunks),
    telnetSockets,
    play: (...faults) => void played.push(...faults),
    always: (fault) => void (standing = fault),
    store: (next) => void (storage = next),
    async untilRequests(count) {
      while (requests.length < count) await new Promise<void>((resolve) => watchers.push(resolve));
    },
  };
}
