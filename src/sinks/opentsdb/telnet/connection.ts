// A telnet connection to OpenTSDB: batches of lines go out, each followed by `version`, whose answer proves that the lines
// before it were read.

import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../runtime/clock.ts';
import { orAborted, within } from '../../../runtime/deadline.ts';
import type { TsdHost } from '../http/hosts.ts';
import { NoVerdict } from '../no-verdict.ts';
import { telnetAnswers } from './answers.ts';

export interface TelnetConnection {
  /**
   * Sends lines. Resolves with the lines that came back meanwhile once the far side has read them, or, where it does not
   * answer `version`, once the socket has taken them. Throws when the connection breaks before.
   */
  send(lines: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  close(): void;
}

export interface TelnetConnectionOptions {
  readonly host: TsdHost;
  readonly clock: Clock;
  /** Told of every line that is no answer to `version`. */
  readonly onLine: (line: string) => void;
  /** Told once, when the connection is of no use any more. */
  readonly onClose: () => void;
  readonly signal: AbortSignal;
}

/** Bound on connecting, and on the answer of a far side that is known to answer. */
const timeoutMs = 15_000;
/** So long the first answer to `version` is waited for. */
const firstAnswerMs = 2_000;

/** Somebody who waits for the answer to the `version` after his lines. */
interface Waiting {
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (error: Error) => void;
  readonly lines: string[];
}

interface State {
  readonly socket: Socket;
  readonly clock: Clock;
  waiting: Waiting[];
  /** Undefined: not known yet. */
  answersVersion: boolean | undefined;
  /** Ends when everything written so far has left room for more. */
  turn: Promise<void>;
  broken: NoVerdict | undefined;
  readonly onClose: () => void;
}

/** Connects. Rejects when that fails. */
export async function telnetConnection({
  host,
  clock,
  onLine,
  onClose,
  signal,
}: TelnetConnectionOptions): Promise<TelnetConnection> {
  const socket = connect({ host: host.hostname, port: host.port, noDelay: true, keepAlive: true });
  const state: State = {
    socket,
    clock,
    waiting: [],
    answersVersion: undefined,
    turn: Promise.resolve(),
    broken: undefined,
    onClose,
  };
  listen(state, onLine);
  try {
    await within(clock, timeoutMs, signal, () => connected(socket));
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    send: (lines, sending) => send(state, lines, sending),
    close: () => breakOff(state, new NoVerdict('the sink is closed')),
  };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
}

/** Reads all the time: OpenTSDB drops its answers, and older ones hang, when nobody does. */
function listen(state: State, onLine: (line: string) => void): void {
  const take = telnetAnswers({
    onVersion() {
      state.answersVersion = true;
      const first = state.waiting.shift();
      first?.resolve(first.lines);
    },
    onLine(line) {
      state.waiting[0]?.lines.push(line);
      onLine(line);
    },
  });
  state.socket.on('data', take);
  state.socket.on('error', (error) => breakOff(state, new NoVerdict(`connection broken: ${error.message}`)));
  state.socket.on('end', () => breakOff(state, new NoVerdict('connection closed by the far side')));
  state.socket.on('close', () => breakOff(state, new NoVerdict('connection closed')));
}

function breakOff(state: State, error: NoVerdict): void {
  if (state.broken === undefined) {
    state.broken = error;
    state.onClose();
    state.socket.destroy();
  }
  for (const { reject } of state.waiting.splice(0)) reject(state.broken);
}

/** Writes follow one another as the socket takes them; the answers are waited for side by side. */
async function send(state: State, lines: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const sent = state.turn.then(() => write(state, lines, signal));
  state.turn = sent.then(
    ({ flushed }) => flushed.catch(() => {}),
    () => {},
  );
  const { flushed, answer } = await orAborted(sent, signal);
  try {
    return await within(state.clock, timeoutMs, signal, async () => {
      await flushed;
      return answer === undefined ? [] : answered(state, answer, signal);
    });
  } catch (error) {
    if (!signal.aborted) breakOff(state, new NoVerdict((error as Error).message));
    throw error;
  }
}

interface Sent {
  /** Ends when the socket has taken the lines. */
  readonly flushed: Promise<void>;
  /** Undefined where `version` is not asked. */
  readonly answer: Promise<readonly string[]> | undefined;
}

function write(state: State, lines: readonly string[], signal: AbortSignal): Sent {
  signal.throwIfAborted();
  if (state.broken !== undefined) throw state.broken;
  const asks = state.answersVersion !== false;
  const answer = asks
    ? new Promise<readonly string[]>((resolve, reject) => state.waiting.push({ resolve, reject, lines: [] }))
    : undefined;
  answer?.catch(() => {});
  const text = [...lines, ...(asks ? ['version'] : [])].map((line) => `${line}\n`).join('');
  const flushed = new Promise<void>((resolve, reject) => {
    state.socket.write(text, 'latin1', (error) => (error ? reject(state.broken ?? error) : resolve()));
  });
  return { flushed, answer };
}

/**
 * VictoriaMetrics never answers `version`: when nothing comes for a while, the connection is taken for one of that kind,
 * until something does come.
 */
async function answered(
  state: State,
  answer: Promise<readonly string[]>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (state.answersVersion === true) return answer;
  const silence = Symbol('silence');
  const first = await within(state.clock, firstAnswerMs, signal, () => answer).catch((error: Error) => {
    if (signal.aborted || state.broken !== undefined) throw error;
    return silence;
  });
  if (typeof first !== 'symbol') return first;
  if (state.answersVersion) return answer;
  state.answersVersion = false;
  for (const { resolve, lines } of state.waiting.splice(0)) resolve(lines);
  return [];
}
