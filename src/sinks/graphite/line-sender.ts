// Sends lines to one Carbon, and knows as much of their fate as TCP can tell.
//
// Carbon answers nothing. But it closes a connection once it has read the end of it, so each group of lines has a connection of
// its own: written, half-closed, and taken for read when Carbon has closed in turn. What waits meanwhile is the next group. An
// unused connection stands by for it, which also shows when Carbon goes away.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../runtime/clock.ts';
import { orAborted, within } from '../../runtime/deadline.ts';
import type { Log } from '../../runtime/log.ts';
import { carbonConnection, type CarbonConnection, type ConnectionOptions } from './connection.ts';
import { type ResendWindow, resendWindow } from './resend-window.ts';

export interface LineSenderOptions extends Pick<ConnectionOptions, 'host' | 'port' | 'tls'> {
  readonly clock: Clock;
  readonly log: Log;
}

export interface LineSender {
  /** Resolves when Carbon has read the lines, or, where it never closes a connection, when the system has taken them. Rejects otherwise. */
  send(text: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A group every so often at most, so that few closed connections linger. */
const groupEveryMs = 100;
const groupBytes = 4 * 2 ** 20;
/** So long the first end of a connection is waited for; then the far side is taken for one that does not close. */
const firstEndMs = 10_000;
/** So long a Carbon that is known to close may let a group wait: it reads nothing while its cache is full. */
const endMs = 60_000;
const closeMs = 2_000;

interface Waiting {
  readonly text: string;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface State extends LineSenderOptions {
  readonly recent: ResendWindow;
  readonly closing: AbortController;
  waiting: Waiting[];
  /** Ends when nothing waits. */
  sending: Promise<void> | undefined;
  /** The connection that stands by. */
  spare: Promise<CarbonConnection> | undefined;
  /** Whether the far side closes a connection that we have closed; undefined: not known yet. */
  closesInTurn: boolean | undefined;
  /** By the steady clock. */
  nextGroupAtMs: number;
}

/** Connects when there is something to send. */
export function lineSender(options: LineSenderOptions): LineSender {
  const state: State = {
    ...options,
    recent: resendWindow(options.clock),
    closing: new AbortController(),
    waiting: [],
    sending: undefined,
    spare: undefined,
    closesInTurn: undefined,
    nextGroupAtMs: 0,
  };
  return { send: (text, signal) => send(state, text, signal), close: () => close(state) };
}

async function send(state: State, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  state.closing.signal.throwIfAborted();
  // Dozens of writes share the signal of their outlet.
  setMaxListeners(0, signal);
  const read = new Promise<void>((resolve, reject) => state.waiting.push({ text, signal, resolve, reject }));
  read.catch(() => {});
  state.sending ??= sendWaiting(state).finally(() => (state.sending = undefined));
  await orAborted(read, signal);
}

async function close(state: State): Promise<void> {
  const { closing, clock } = state;
  if (closing.signal.aborted) return;
  closing.abort(new Error('the sink is closed'));
  await state.sending;
  const spare = await state.spare?.catch(() => undefined);
  // Where groups share a connection, something may be under way on it.
  if (state.closesInTurn === false)
    await within(clock, closeMs, new AbortController().signal, async () => spare?.finish()).catch(() => {});
  spare?.close();
}

/** Group by group; a failure is everybody's who waits. */
async function sendWaiting(state: State): Promise<void> {
  const { clock, closing, recent } = state;
  while (state.waiting.length > 0) {
    let group: readonly Waiting[] = [];
    try {
      const pauseMs = state.nextGroupAtMs - clock.steady();
      if (pauseMs > 0) await clock.sleep(pauseMs, { signal: closing.signal });
      state.nextGroupAtMs = clock.steady() + groupEveryMs;
      group = takeGroup(state);
      if (group.length > 0) await sendGroup(state, group.map(({ text }) => text).join(''));
      for (const { resolve } of group) resolve();
    } catch (error) {
      recent.lost();
      for (const { reject } of [...group, ...state.waiting.splice(0)]) reject(error as Error);
    }
  }
}

function takeGroup(state: State): readonly Waiting[] {
  const wanted = state.waiting.filter(({ signal }) => !signal.aborted);
  let bytes = 0;
  const count = wanted.findIndex(({ text }) => (bytes += text.length) > groupBytes);
  state.waiting = count < 0 ? [] : wanted.slice(Math.max(1, count));
  return count < 0 ? wanted : wanted.slice(0, Math.max(1, count));
}

async function sendGroup(state: State, text: string): Promise<void> {
  const { clock, closing, recent } = state;
  const taken = standBy(state);
  const connection = await taken;
  state.spare = undefined;
  try {
    await within(clock, endMs, closing.signal, () => connection.write(recent.owed() + text));
    const isShared = state.closesInTurn === false;
    const isRead = !isShared && (await hasEnded(state, connection));
    recent.repaid();
    recent.sent(text);
    if (isRead) recent.read();
    if (isShared) state.spare = taken;
  } catch (error) {
    connection.close();
    throw error;
  }
  if (!closing.signal.aborted) standBy(state);
}

/**
 * Ends the connection; false where the far side never closes, as some proxies do not. Its lines are taken for read then, and from
 * then on groups share a connection, until that one does close after all.
 */
async function hasEnded(state: State, connection: CarbonConnection): Promise<boolean> {
  const { clock, closing, log, host, port, recent } = state;
  const closed = connection.finish().then(() => (state.closesInTurn = true));
  if (state.closesInTurn === true) return within(clock, endMs, closing.signal, () => closed);
  const over = new AbortController();
  const silence = clock.sleep(firstEndMs, { signal: over.signal }).then(() => false);
  silence.catch(() => {});
  try {
    const hasClosed = await orAborted(Promise.race([closed, silence]), closing.signal);
    if (hasClosed) return true;
  } finally {
    over.abort();
  }
  state.closesInTurn = false;
  closed.catch(recent.lost);
  log.warn({ host, port }, 'Graphite: the far side does not close connections, so it cannot be seen what it has read');
  return false;
}

/** The connection that is ready for the next group, or will be. */
function standBy(state: State): Promise<CarbonConnection> {
  if (state.spare !== undefined) return state.spare;
  const forget = (): void => {
    if (state.spare === spare) state.spare = undefined;
    state.recent.lost();
  };
  const { host, port, tls, clock, closing } = state;
  const spare = carbonConnection({ host, port, tls, clock, signal: closing.signal, onBreak: forget });
  spare.catch(forget);
  state.spare = spare;
  return spare;
}
