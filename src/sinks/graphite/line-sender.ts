// Sends lines to one Carbon in groups, each on a separate connection. Carbon sends no confirmation, but it closes a
// connection after reading it to the end, which confirms the group. Lines that arrive meanwhile form the next group.
// A standby connection is reserved for the next group. It also detects an outage of Carbon.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../runtime/clock.ts';
import { abortable, withTimeout } from '../../runtime/deadline.ts';
import { type Deferred, deferred } from '../../runtime/deferred.ts';
import type { Log } from '../../runtime/log.ts';
import { carbonConnection, type CarbonConnection, type ConnectionOptions } from './connection.ts';
import { type ResendWindow, resendWindow } from './resend-window.ts';

interface LineSenderOptions extends Pick<ConnectionOptions, 'host' | 'port' | 'tls'> {
  readonly clock: Clock;
  readonly log: Log;
}

export interface LineSender {
  /**
   * Resolves when Carbon has read the lines; where it never closes a connection, when the kernel has accepted them.
   * Rejects otherwise.
   */
  send(text: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Limits the connections in TIME_WAIT. */
const groupIntervalMs = 100;
const maxGroupBytes = 4 * 2 ** 20;
/** A Carbon that has not closed its first connection by then counts as one that never closes. */
const firstCloseMs = 10_000;
/** For a Carbon that does close: it reads nothing while its cache is full. */
const confirmMs = 60_000;
const shutdownMs = 2_000;

interface QueuedLines {
  readonly text: string;
  readonly signal: AbortSignal;
  readonly done: Deferred<void>;
}

interface State extends LineSenderOptions {
  readonly resend: ResendWindow;
  readonly closing: AbortController;
  queue: QueuedLines[];
  /** Resolves when the queue is empty. */
  sending: Promise<void> | undefined;
  standby: Promise<CarbonConnection> | undefined;
  /** Carbon closes a connection after its end; undefined until it is known. */
  confirmsReads: boolean | undefined;
  /** By the steady clock. */
  nextGroupAtMs: number;
}

/** Connects when there is something to send. */
export function lineSender(options: LineSenderOptions): LineSender {
  const state: State = {
    ...options,
    resend: resendWindow(options.clock),
    closing: new AbortController(),
    queue: [],
    sending: undefined,
    standby: undefined,
    confirmsReads: undefined,
    nextGroupAtMs: 0,
  };
  return { send: (text, signal) => send(state, text, signal), close: () => close(state) };
}

async function send(state: State, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  state.closing.signal.throwIfAborted();
  // Dozens of writes share the signal of their outlet.
  setMaxListeners(0, signal);
  const done = deferred<void>();
  state.queue.push({ text, signal, done });
  state.sending ??= sendQueue(state).finally(() => (state.sending = undefined));
  await abortable(done.promise, signal);
}

async function close(state: State): Promise<void> {
  const { closing, clock } = state;
  if (closing.signal.aborted) return;
  closing.abort(new Error('the sink is closed'));
  await state.sending;
  const standby = await state.standby?.catch(() => undefined);
  // A connection that groups share may have unread lines.
  if (state.confirmsReads === false)
    await withTimeout(clock, shutdownMs, new AbortController().signal, async () => standby?.finish()).catch(() => {});
  standby?.close();
}

/** Sends group by group. A failure rejects everything in the queue. */
async function sendQueue(state: State): Promise<void> {
  const { clock, closing, resend } = state;
  while (state.queue.length > 0) {
    let group: readonly QueuedLines[] = [];
    try {
      const pauseMs = state.nextGroupAtMs - clock.steady();
      if (pauseMs > 0) await clock.sleep(pauseMs, { signal: closing.signal });
      state.nextGroupAtMs = clock.steady() + groupIntervalMs;
      group = takeGroup(state);
      if (group.length > 0) await sendGroup(state, group.map(({ text }) => text).join(''));
      for (const { done } of group) done.resolve();
    } catch (error) {
      resend.markLost();
      for (const { done } of [...group, ...state.queue.splice(0)]) done.reject(error as Error);
    }
  }
}

function takeGroup(state: State): readonly QueuedLines[] {
  const wanted = state.queue.filter(({ signal }) => !signal.aborted);
  let bytes = 0;
  const count = wanted.findIndex(({ text }) => (bytes += text.length) > maxGroupBytes);
  state.queue = count < 0 ? [] : wanted.slice(Math.max(1, count));
  return count < 0 ? wanted : wanted.slice(0, Math.max(1, count));
}

async function sendGroup(state: State, text: string): Promise<void> {
  const { clock, closing, resend } = state;
  const taken = standby(state);
  const connection = await taken;
  state.standby = undefined;
  try {
    await withTimeout(clock, confirmMs, closing.signal, () => connection.write(resend.due() + text));
    const isShared = state.confirmsReads === false;
    const isRead = !isShared && (await isConfirmed(state, connection));
    resend.markResent();
    resend.add(text);
    if (isRead) resend.markRead();
    if (isShared) state.standby = taken;
  } catch (error) {
    connection.close();
    throw error;
  }
  if (!closing.signal.aborted) void standby(state);
}

/**
 * Ends the connection and waits for Carbon to close it. Returns false where it never does, as with some proxies; from then
 * on groups share a connection, until that one closes after all.
 */
async function isConfirmed(state: State, connection: CarbonConnection): Promise<boolean> {
  const { clock, closing, log, host, port, resend } = state;
  const closed = connection.finish().then(() => (state.confirmsReads = true));
  if (state.confirmsReads === true) return withTimeout(clock, confirmMs, closing.signal, () => closed);
  const stop = new AbortController();
  const timeout = clock.sleep(firstCloseMs, { signal: stop.signal }).then(() => false);
  timeout.catch(() => {});
  try {
    if (await abortable(Promise.race([closed, timeout]), closing.signal)) return true;
  } finally {
    stop.abort();
  }
  state.confirmsReads = false;
  closed.catch(resend.markLost);
  log.warn({ host, port }, 'Graphite: the far side does not close connections, so it cannot be seen what it has read');
  return false;
}

/** Returns the standby connection, and opens one where there is none. */
function standby(state: State): Promise<CarbonConnection> {
  if (state.standby !== undefined) return state.standby;
  const forget = (): void => {
    if (state.standby === opened) state.standby = undefined;
    state.resend.markLost();
  };
  const { host, port, tls, clock, closing } = state;
  const opened = carbonConnection({ host, port, tls, clock, signal: closing.signal, onBreak: forget });
  opened.catch(forget);
  state.standby = opened;
  return opened;
}
