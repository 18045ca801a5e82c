// A connection to Carbon: lines go out, nothing comes back, and only the end of it tells something.

import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import { within } from '../../runtime/deadline.ts';

export interface CarbonAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionOptions extends CarbonAddress {
  /** With the authorities to trust in place of the usual ones, as PEM. */
  readonly tls?: { readonly ca?: string | undefined } | undefined;
  readonly clock: Clock;
  /** Told once when it breaks, or the far side closes it first; not of `close`, nor after `finish` has resolved. */
  readonly onBreak: (error: Error) => void;
  readonly signal: AbortSignal;
}

export interface CarbonConnection {
  /** Resolves when the system has taken the text. Rejects when the connection breaks. */
  write(text: string): Promise<void>;
  /**
   * Closes this half, and resolves when the far side has closed the other in turn: a process that closes without having
   * read everything resets the connection instead (RFC 2525, 2.17), so that whoever ended it well has read it all. Rejects
   * when the connection breaks.
   */
  finish(): Promise<void>;
  close(): void;
}

const connectMs = 10_000;

interface State {
  readonly socket: Socket;
  readonly onBreak: (error: Error) => void;
  /** Ends when the far side has closed well, or the connection is broken. */
  readonly end: PromiseWithResolvers;
  isOver: boolean;
  broken: Error | undefined;
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Connects. Rejects when that fails. */
export async function carbonConnection({
  host,
  port,
  tls,
  clock,
  onBreak,
  signal,
}: ConnectionOptions): Promise<CarbonConnection> {
  const at = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    tls === undefined
      ? connect(at)
      : connectTls({ ...at, ...servername, ...(tls.ca === undefined ? {} : { ca: tls.ca }) });
  const state: State = { socket, onBreak, end: withResolvers(), isOver: false, broken: undefined };
  try {
    await within(clock, connectMs, signal, () => connected(socket, tls === undefined ? 'connect' : 'secureConnect'));
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
  listen(state);
  return {
    write: (text) => write(state, text),
    finish() {
      if (state.broken === undefined) socket.end();
      return state.end.promise;
    },
    close() {
      breakOff(state, new Error('the connection was closed'), { isOwn: true });
    },
  };
}

function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve).once('error', reject);
    socket.once('close', () => reject(new Error('connection closed')));
  });
}

/** Reads all the time, to see the end; what is read says nothing. */
function listen(state: State): void {
  const { socket } = state;
  socket.on('error', (error) => breakOff(state, new Error(`connection broken: ${error.message}`)));
  socket.on('close', () => breakOff(state, new Error('connection closed')));
  socket.on('end', () => {
    if (!socket.writableFinished) breakOff(state, new Error('connection closed by the far side'));
    else if (!state.isOver) {
      state.isOver = true;
      state.end.resolve();
    }
  });
  socket.resume();
}

function breakOff(state: State, error: Error, { isOwn = false } = {}): void {
  state.socket.destroy();
  if (state.isOver) return;
  state.isOver = true;
  state.broken = error;
  state.end.reject(error);
  if (!isOwn) state.onBreak(error);
}

function write({ socket, broken, end }: State, text: string): Promise<void> {
  if (broken !== undefined) throw broken;
  return Promise.race([
    end.promise,
    new Promise<void>((resolve, reject) => {
      socket.write(text, 'latin1', (error) => (error ? end.promise.catch(reject) : resolve()));
    }),
  ]);
}

function withResolvers(): PromiseWithResolvers {
  let resolve = (): void => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
