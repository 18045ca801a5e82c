// One GET request to an engine: its answer, or an EngineError that says what was asked and what was found.
// It uses node:http: with got a sample costs several times as much, and pushes wait while many samples come at once.

import { setMaxListeners } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { excerptOf } from './answer.ts';
import type { Connection } from './connection.ts';
import { EngineError } from './engine.ts';
import { codeOf, engineError, statusError } from './failure.ts';
import type { TimeLimits } from './time-limits.ts';

/** The time after which the kernel probes a silent peer. */
const keepAliveMs = 30_000;
const maxErrorBytes = 64 * 1024;
/** Of an answer, in the log. */
const maxLoggedChars = 4000;

export interface Exchange {
  readonly connection: Connection;
  readonly authorization: string | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly timeLimits: TimeLimits;
  /** Logs each answer at level debug. */
  readonly log?: Log | undefined;
}

export interface Question {
  /** With the API version, without the query, such as `/v1.41/containers/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

export interface Answer {
  /** For messages, such as `GET /v1.41/containers/json`. */
  readonly call: string;
  readonly status: number;
  header(name: string): string;
}

export interface TextAnswer extends Answer {
  readonly text: string;
}

export interface StreamAnswer extends Answer {
  /** Consume it, or leave it by `break`: both free the connection. */
  readonly body: AsyncIterable<Buffer>;
  close(): void;
}

interface AskOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** What the log shows of the answer; default: all of it. */
  readonly logged?: (text: string) => string;
}

const asItIs = (text: string): string => text;

/**
 * Asks and reads the whole answer, whose status may be any but a redirect's.
 *
 * @throws EngineError, or the signal's reason
 */
export async function ask(exchange: Exchange, question: Question, options: AskOptions): Promise<TextAnswer> {
  const { clock, log } = exchange;
  const startedMs = clock.steady();
  const answer = await withRetry<TextAnswer>(exchange, question, options.signal, (request, settle) =>
    readText(exchange, callOf(question), request, options, settle),
  );
  if (log?.isLevelEnabled('debug') === true) {
    const { call, status, text } = answer;
    const shown = (options.logged ?? asItIs)(text).slice(0, maxLoggedChars);
    log.debug(
      { call, status, ms: Math.round(clock.steady() - startedMs), answer: shown },
      'the Docker engine answered',
    );
  }
  return answer;
}

/**
 * Asks, and returns once the head of the answer is there. The body may last forever; a silent engine is no error.
 * The answer closes with the signal.
 *
 * @param isHeadTimed - the head must come within the timeout
 * @throws EngineError - no answer, or one of another status than 200; or the signal's reason
 */
export async function openStream(
  exchange: Exchange,
  question: Question,
  { isHeadTimed, signal }: { readonly isHeadTimed: boolean; readonly signal: AbortSignal },
): Promise<StreamAnswer> {
  const call = callOf(question);
  return withRetry<StreamAnswer>(exchange, question, signal, (request, settle) => {
    const stopTimer = isHeadTimed ? exchange.timeLimits.start(exchange.timeoutMs, settle.fail) : undefined;
    request.once('socket', (socket) => socket.setKeepAlive(true, keepAliveMs));
    request.once('close', () => stopTimer?.());
    request.once('response', (response) => {
      if (response.statusCode !== 200) {
        collect(call, response, maxErrorBytes, settle, (text) =>
          settle.fail(statusError(call, response.statusCode ?? 0, text)),
        );
        return;
      }
      stopTimer?.();
      const abort = (): void => void request.destroy();
      signal.addEventListener('abort', abort, { once: true });
      response.once('close', () => signal.removeEventListener('abort', abort));
      response.on('error', () => {}); // An abort is an error of a body that nobody reads any more.
      settle.done({ ...answerOf(call, response), body: response, close: () => void request.destroy() });
    });
  });
}

/** Passes the body on, with an EngineError where the connection breaks. */
export async function* bodyOf(exchange: Exchange, answer: StreamAnswer, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer.body) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    throw engineError(exchange.connection.peer, answer.call, error);
  } finally {
    answer.close();
  }
}

function callOf({ path }: Question): string {
  return `GET ${path}`;
}

interface Settle<T> {
  readonly done: (value: T) => void;
  /** Ends the request. */
  readonly fail: (error: Error) => void;
}

function readText(
  { timeLimits, timeoutMs }: Exchange,
  call: string,
  request: ClientRequest,
  { maxBytes }: AskOptions,
  settle: Settle<TextAnswer>,
): void {
  const stopTimer = timeLimits.start(timeoutMs, settle.fail);
  request.once('close', stopTimer);
  request.once('response', (response) =>
    collect(call, response, maxBytes, settle, (text) => {
      stopTimer();
      settle.done({ ...answerOf(call, response), text });
    }),
  );
}

function collect(
  call: string,
  response: IncomingMessage,
  maxBytes: number,
  { fail }: Pick<Settle<never>, 'fail'>,
  onText: (text: string) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes <= maxBytes) return;
    fail(new EngineError(`${call}: expected an answer of at most ${maxBytes} bytes, found a longer one`));
  });
  response.once('error', fail);
  response.once('end', () => onText(Buffer.concat(chunks, bytes).toString()));
}

function answerOf(call: string, { statusCode = 0, headers }: IncomingMessage): Answer {
  return { call, status: statusCode, header: (name) => [headers[name]].flat()[0] ?? '' };
}

type Read<T> = (request: ClientRequest, settle: Settle<T>) => void;

/** A proxy may close an idle connection at the moment in which it is used again; the second attempt takes a new one. */
async function withRetry<T>(exchange: Exchange, question: Question, signal: AbortSignal, read: Read<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    let request: ClientRequest | undefined;
    try {
      request = requestOf(exchange, question);
      return await settled(callOf(question), request, signal, read);
    } catch (error) {
      signal.throwIfAborted();
      const isBroken = ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
      if (!(isBroken && request?.reusedSocket === true && attempt === 1))
        throw engineError(exchange.connection.peer, callOf(question), error);
    }
  }
}

function requestOf({ connection, authorization }: Exchange, { path, query }: Question): ClientRequest {
  const parameters = new URLSearchParams(query).toString();
  const search = parameters === '' ? '' : `?${parameters}`;
  return connection.get(`${path}${search}`, {
    accept: 'application/json',
    'user-agent': 'catchpoint-opentsdb-bridge',
    ...(authorization === undefined ? {} : { authorization }),
  });
}

function settled<T>(call: string, request: ClientRequest, signal: AbortSignal, read: Read<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (error: Error): void => {
      reject(error);
      request.destroy();
    };
    const abort = (): void => fail(signal.reason as Error);
    // Every request of a poll listens to its signal.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort);
    const done = (value: T): void => {
      signal.removeEventListener('abort', abort);
      resolve(value);
    };
    let isAnswered = false;
    request.on('error', reject);
    request.once('close', () => {
      signal.removeEventListener('abort', abort);
      if (!isAnswered) reject(new Error('the connection ended without an answer'));
    });
    request.once('response', (response) => {
      isAnswered = true;
      refuseRedirect(call, response, fail);
    });
    read(request, { done, fail });
    request.end();
  });
}

function refuseRedirect(
  call: string,
  { statusCode = 0, headers }: IncomingMessage,
  fail: (error: Error) => void,
): void {
  if (statusCode < 300 || statusCode >= 400) return;
  const where = excerptOf((headers.location ?? '').replace(/\/\/[^/]*@/, '//***@'));
  fail(
    new EngineError(`${call}: ${statusCode}: redirected to ${where}; an engine does not redirect`, {
      status: statusCode,
    }),
  );
}
