// A telnet connection to OpenTSDB. Each batch of lines is followed by `version`, whose answer proves that the lines before
// it were read.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../runtime/clock.ts';
import { abortable, withTimeout } from '../../../runtime/deadline.ts';
import { type Deferred, deferred } from '../../../runtime/deferred.ts';
import { socketEvent } from '../../socket-event.ts';
import type { TsdHost } from '../http/hosts.ts';
import { NoVerdict } from '../../no-verdict.ts';
import { telnetAnswers } from './answers.ts';

export interface TelnetConnection {
  /**
   * Resolves once the receiver has read the lines, with the lines that it sent meanwhile. A receiver that does not answer
   * `version` counts as having read what the socket has accepted. Rejects when the connection breaks before.
   */
  send(lines: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
}

interface TelnetConnectionOptions {
  readonly host: TsdHost;
  readonly clock: Clock;
  /** Called with every line that is not an answer to `version`. */
  readonly onLine: (line: string) => void;
  /** Called once, when the connection is no longer usable. */
  readonly onClose: () => void;
  /** Closes the connection, and rejects the batches in flight with the reason. */
  readonly signal: AbortSignal;
}

/** For connecting, and for the answer of a receiver that is known to answer. */
const timeoutMs = 15_000;
const firstAnswerMs = 2_000;

/** A batch whose `version` is not answered yet. */
interface PendingBatch {
  readonly answer: Deferred<readonly string[]>;
  readonly lines: string[];
}

interface State {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly onClose: () => void;
  pending: PendingBatch[];
  /** Undefined until it is known. */
  answersVersion: boolean | undefined;
  /** Resolves when the socket has accepted everything written so far. */
  lastWrite: Promise<void>;
  error: NoVerdict | undefined;
}

/** Rejects when connecting fails. */
export async function telnetConnection(options: TelnetConnectionOptions): Promise<TelnetConnection> {
  const { host, clock, onLine, onClose, signal } = options;
  const socket = connect({ host: host.hostname, port: host.port, noDelay: true, keepAlive: true });
  const state: State = {
    socket,
    clock,
    onClose,
    pending: [],
    answersVersion: undefined,
    lastWrite: Promise.resolve(),
    error: undefined,
  };
  listen(state, onLine);
  const abort = (): void => fail(state, signal.reason as NoVerdict);
  signal.addEventListener('abort', abort);
  socket.once('close', () => signal.removeEventListener('abort', abort));
  try {
    await withTimeout(clock, timeoutMs, signal, () => socketEvent(socket, 'connect'));
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { send: (lines, sending) => send(state, lines, sending) };
}

/** Reads continuously: OpenTSDB drops answers that are not read, and older versions hang. */
function listen(state: State, onLine: (line: string) => void): void {
  const onVersion = (): void => {
    state.answersVersion = true;
    const first = state.pending.shift();
    first?.answer.resolve(first.lines);
  };
  const onOtherLine = (line: string): void => {
    state.pending[0]?.lines.push(line);
    onLine(line);
  };
  state.socket.on('data', telnetAnswers(onVersion, onOtherLine));
  state.socket.on('error', (error) => fail(state, new NoVerdict(`connection broken: ${error.message}`)));
  state.socket.on('end', () => fail(state, new NoVerdict('connection closed by the far side')));
  state.socket.on('close', () => fail(state, new NoVerdict('connection closed')));
}

function fail(state: State, error: NoVerdict): void {
  if (state.error === undefined) {
    state.error = error;
    state.onClose();
    state.socket.destroy();
  }
  for (const { answer } of state.pending.splice(0)) answer.reject(state.error);
}

/** Batches are written one after another, and their answers awaited concurrently. */
async function send(state: State, lines: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const writing = state.lastWrite.then(() => write(state, lines, signal));
  state.lastWrite = writing.then(
    ({ flushed }) => flushed.catch(() => {}),
    () => {},
  );
  const { flushed, answer } = await abortable(writing, signal);
  try {
    return await withTimeout(state.clock, timeoutMs, signal, async () => {
      await flushed;
      return answer === undefined ? [] : awaitAnswer(state, answer, signal);
    });
  } catch (error) {
    if (!signal.aborted) fail(state, new NoVerdict((error as Error).message));
    throw error;
  }
}

interface WrittenBatch {
  /** Resolves when the socket has accepted the lines. */
  readonly flushed: Promise<void>;
  /** Undefined where `version` was not sent. */
  readonly answer: Promise<readonly string[]> | undefined;
}

function write(state: State, lines: readonly string[], signal: AbortSignal): WrittenBatch {
  signal.throwIfAborted();
  if (state.error !== undefined) throw state.error;
  const asksVersion = state.answersVersion !== false;
  const answer = asksVersion ? deferred<readonly string[]>() : undefined;
  if (answer !== undefined) state.pending.push({ answer, lines: [] });
  const text = [...lines, ...(asksVersion ? ['version'] : [])].map((line) => `${line}\n`).join('');
  const flushed = new Promise<void>((resolve, reject) => {
    state.socket.write(text, 'latin1', (error) => (error ? reject(state.error ?? error) : resolve()));
  });
  return { flushed, answer: answer?.promise };
}

/** VictoriaMetrics never answers `version`. After a timeout the connection counts as such, until an answer does come. */
async function awaitAnswer(
  state: State,
  answer: Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (state.answersVersion === true) return answer;
  const timedOut = Symbol('timed out');
  const first = await withTimeout(state.clock, firstAnswerMs, signal, () => answer).catch((error: Error) => {
    if (signal.aborted || state.error !== undefined) throw error;
    return timedOut;
  });
  if (typeof first !== 'symbol') return first;
  if (state.answersVersion) return answer;
  state.answersVersion = false;
  for (const { answer, lines } of state.pending.splice(0)) answer.resolve(lines);
  return [];
}
