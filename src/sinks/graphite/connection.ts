// A connection to Carbon. Carbon never answers; closing the connection is its only signal.

import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import { withTimeout } from '../../runtime/deadline.ts';
import { type Deferred, deferred } from '../../runtime/deferred.ts';
import { socketEvent } from '../socket-event.ts';

export interface CarbonAddress {
  readonly host: string;
  readonly port: number;
}

/** Undefined: no TLS. `ca`: PEM of the authorities to trust instead of those of Node. */
type CarbonTls = { readonly ca: string | undefined } | undefined;

export interface ConnectionOptions extends CarbonAddress {
  readonly tls: CarbonTls;
  readonly clock: Clock;
  /** Called once when the connection breaks or Carbon closes it first; not by `close`, nor once `finish` has resolved. */
  readonly onBreak: (error: Error) => void;
  readonly signal: AbortSignal;
}

export interface CarbonConnection {
  /** Resolves when the kernel has accepted the text. Rejects when the connection breaks. */
  write(text: string): Promise<void>;
  /**
   * Half-closes the connection, and resolves when Carbon closes its half. Carbon has read everything then: a process that
   * closes with bytes unread resets the connection (RFC 2525, 2.17). Rejects when the connection breaks.
   */
  finish(): Promise<void>;
  close(): void;
}

const connectMs = 10_000;

interface State {
  readonly socket: Socket;
  readonly onBreak: (error: Error) => void;
  /** Settles when Carbon has closed its half, or the connection is broken. */
  readonly end: Deferred<void>;
  isOver: boolean;
  error: Error | undefined;
}

/** @throws the system's error for a CA file that cannot be read */
export function carbonTls(isTls: boolean, caFile: string | undefined): CarbonTls {
  return isTls ? { ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8') } : undefined;
}

/** Rejects when connecting fails. */
export async function carbonConnection(options: ConnectionOptions): Promise<CarbonConnection> {
  const { host, port, tls, clock, onBreak, signal } = options;
  const address = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
  const serverName = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    tls === undefined
      ? connect(address)
      : connectTls({ ...address, ...serverName, ...(tls.ca !== undefined && { ca: tls.ca }) });
  const state: State = { socket, onBreak, end: deferred(), isOver: false, error: undefined };
  try {
    const event = tls === undefined ? 'connect' : 'secureConnect';
    await withTimeout(clock, connectMs, signal, () => socketEvent(socket, event));
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
  listen(state);
  return {
    write: (text) => write(state, text),
    finish() {
      if (state.error === undefined) socket.end();
      return state.end.promise;
    },
    close() {
      fail(state, new Error('the connection was closed'), { isIntended: true });
    },
  };
}

/** Carbon sends nothing; reading detects the end of the connection. */
function listen(state: State): void {
  const { socket } = state;
  socket.on('error', (error) => fail(state, new Error(`connection broken: ${error.message}`)));
  socket.on('close', () => fail(state, new Error('connection closed')));
  socket.on('end', () => {
    if (!socket.writableFinished) fail(state, new Error('connection closed by the far side'));
    else if (!state.isOver) {
      state.isOver = true;
      state.end.resolve();
    }
  });
  socket.resume();
}

function fail(state: State, error: Error, { isIntended = false } = {}): void {
  state.socket.destroy();
  if (state.isOver) return;
  state.isOver = true;
  state.error = error;
  state.end.reject(error);
  if (!isIntended) state.onBreak(error);
}

function write({ socket, error, end }: State, text: string): Promise<void> {
  if (error !== undefined) throw error;
  // A failed write breaks the connection, which rejects `end`.
  const written = new Promise<void>((resolve) => {
    socket.write(text, 'latin1', (failure) => {
      if (!failure) resolve();
    });
  });
  return Promise.race([end.promise, written]);
}
