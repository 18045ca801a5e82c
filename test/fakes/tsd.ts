// The strict OpenTSDB of the simulator with faults that a test scripts, and a memory of every request.

import type { ExecutionContext } from 'ava';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { openTsd, type Tsd, type TsdOptions } from '../../src/simulator/tsd/tsd.ts';
import type { TsdAnswer } from '../../src/simulator/tsd/answers.ts';
import type { Exchange } from '../../src/simulator/tsd/http.ts';
import type { Storage } from '../../src/simulator/tsd/store.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the wire; empty when the fault did not read it. */
  readonly body: Buffer;
}

/** Answers an exchange in place of the sound receiver, or changes what that answers. */
export type Fault = (exchange: Exchange, answer: () => Promise<TsdAnswer>) => Promise<TsdAnswer>;

export interface FakeTsd extends Tsd {
  /** In the order in which they came in. */
  readonly requests: readonly SeenRequest[];
  /** What came in by telnet, over all connections. */
  telnetBytes(): Buffer;
  /** The connections by telnet that are open. */
  readonly telnetSockets: ReadonlySet<Socket>;
  /** The next requests meet these, one each. */
  play(...faults: readonly Fault[]): void;
  /** Every request meets this when no played fault is left; undefined: none. */
  always(fault: Fault | undefined): void;
  /** What the storage does from now on. */
  store(storage: Storage): void;
  /** Resolves once so many requests have come in. */
  untilRequests(count: number): Promise<void>;
}

export interface FakeTsdOptions extends Omit<TsdOptions, 'intercept' | 'storage'> {
  /** Shown every telnet connection; true when it serves that in place of OpenTSDB. */
  readonly telnetPeer?: (socket: Socket, first: Buffer) => boolean;
}

/** Faults that come before the body has been read. */
const cutsIn = new WeakSet<Fault>();

/** The connection is reset when so many bytes of the body have come in. */
export function resetAfter(bytes: number): Fault {
  const fault: Fault = ({ request }) =>
    new Promise((resolve) => {
      let seen = 0;
      request.on('data', (chunk: Buffer) => {
        seen += chunk.length;
        if (seen >= bytes) resolve('reset');
      });
    });
  cutsIn.add(fault);
  return fault;
}

/** No answer ever comes. */
export const hang: Fault = () => new Promise(() => {});

/** The connection is closed without a reply, and nothing is stored. */
export const closed: Fault = async () => 'close';

/** Everything is stored as usual, and the answer never leaves. */
export const answerLost: Fault = async (_, answer) => {
  await answer();
  return 'close';
};

/** An answer of another kind; text that begins with `<` is HTML, with `{` JSON. */
export function answers(status: number, text = '', headers: Readonly<Record<string, string>> = {}): Fault {
  const type = text.startsWith('<') ? 'text/html' : text.startsWith('{') ? 'application/json' : 'text/plain';
  return async () => ({ status, type, body: text, headers });
}

/** OpenTSDB's error object, such as an authentication plugin answers with. */
export function refuses(message: string, code = 400): Fault {
  return answers(code, JSON.stringify({ error: { code, message, trace: 'net.opentsdb.tsd.BadRequestException' } }));
}

/** These bytes in place of an answer, and then the end of the connection. */
export function raw(text: string): Fault {
  return async () => ({ raw: text });
}

/** The usual answer, but not before `release` is called. */
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

/** Opens one on a free port of this machine; it goes with its test. */
export async function fakeTsd(t: ExecutionContext, { telnetPeer, ...options }: FakeTsdOptions = {}): Promise<FakeTsd> {
  const requests: SeenRequest[] = [];
  const telnetChunks: Buffer[] = [];
  const telnetSockets = new Set<Socket>();
  const played: Fault[] = [];
  let standing: Fault | undefined;
  let storage: Storage = () => 'stored';
  let watchers: (() => void)[] = [];

  async function intercept(exchange: Exchange, answer: () => Promise<TsdAnswer>): Promise<TsdAnswer> {
    const { method = '', url = '', headers } = exchange.request;
    const seen: { -readonly [Key in keyof SeenRequest]: SeenRequest[Key] } = {
      method,
      path: url,
      headers,
      body: Buffer.alloc(0),
    };
    requests.push(seen);
    const fault = played.shift() ?? standing;
    if (fault === undefined || !cutsIn.has(fault)) seen.body = await exchange.body();
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
