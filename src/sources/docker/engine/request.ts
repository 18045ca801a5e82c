// One GET request to an engine: its answer, or an EngineError that says what was asked and what was found.

import type { ClientRequest } from 'node:http';
import type { Request, Response } from 'got';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { abortable, withTimeout } from '../../../runtime/deadline.ts';
import { excerptOf } from './answer.ts';
import type { Connection } from './connection.ts';
import { EngineError } from './engine.ts';
import { codeOf, engineError, statusError } from './failure.ts';

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
export async function ask(
  exchange: Exchange,
  question: Question,
  { maxBytes, signal, logged = asItIs }: AskOptions,
): Promise<{ readonly call: string; readonly status: number; readonly text: string; header(name: string): string }> {
  const call = callOf(question);
  return asEngineError(exchange, call, signal, () =>
    withTimeout(exchange.clock, exchange.timeoutMs, signal, async (signal) => {
      const startedMs = exchange.clock.steady();
      const answer = await send(exchange, question, signal);
      const text = await readText(answer, maxBytes);
      const { status } = answer;
      const ms = Math.round(exchange.clock.steady() - startedMs);
      if (exchange.log?.isLevelEnabled('debug') === true) {
        const shown = logged(text).slice(0, maxLoggedChars);
        exchange.log.debug({ call, status, ms, answer: shown }, 'the Docker engine answered');
      }
      return { call, status: answer.status, text, header: answer.header };
    }),
  );
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
): Promise<Answer> {
  const call = callOf(question);
  return asEngineError(exchange, call, signal, async () => {
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    signal.addEventListener('abort', abort, { once: true });
    const close = (): void => {
      signal.removeEventListener('abort', abort);
      stop.abort();
    };
    try {
      const opening = async (signal: AbortSignal): Promise<Answer> => {
        const answer = await abortable(send(exchange, question, stop.signal), signal);
        if (answer.status !== 200) throw statusError(call, answer.status, await readText(answer, maxErrorBytes));
        return answer;
      };
      const { clock, timeoutMs } = exchange;
      const answer = await (isHeadTimed ? withTimeout(clock, timeoutMs, signal, opening) : opening(signal));
      return { ...answer, close };
    } catch (error) {
      close();
      throw error;
    }
  });
}

/** Passes the body on, with an EngineError where the connection breaks. */
export async function* bodyOf(exchange: Exchange, answer: Answer, signal: AbortSignal): AsyncGenerator<Buffer> {
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

async function readText(answer: Answer, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new EngineError(`${answer.call}: expected an answer of at most ${maxBytes} bytes, found a longer one`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes).toString();
}

/** A proxy may close an idle connection at the moment in which it is used again; the second attempt takes a new one. */
async function send(exchange: Exchange, question: Question, signal: AbortSignal): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    let request: ClientRequest | undefined;
    try {
      return await sendOnce(exchange, question, signal, (sent) => void (request = sent));
    } catch (error) {
      const isBroken = ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
      if (!(isBroken && request?.reusedSocket === true && attempt === 1 && !signal.aborted)) throw error;
    }
  }
}

/** Gives got a signal of its own: an abort after the end of a got request is an unhandled error. */
async function sendOnce(
  { connection, authorization }: Exchange,
  question: Question,
  signal: AbortSignal,
  onRequest: (request: ClientRequest) => void,
): Promise<Answer> {
  signal.throwIfAborted();
  const { got } = await import('got');
  const stream = got.stream(`${connection.base}${question.path}`, {
    ...(question.query === undefined ? {} : { searchParams: question.query }),
    headers: {
      accept: 'application/json',
      'user-agent': 'catchpoint-opentsdb-bridge',
      ...(authorization === undefined ? {} : { authorization }),
    },
    agent: { http: connection.agent, https: connection.agent as never },
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    decompress: false,
  });
  const abort = (): void => void stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', abort));
  stream.once('request', (request: ClientRequest) => {
    onRequest(request);
    request.once('socket', (socket) => socket.setKeepAlive(true, keepAliveMs));
  });
  const response = await headOf(stream, signal);
  const answer: Answer = {
    call: callOf(question),
    status: response.statusCode,
    header: (name) => [response.headers[name]].flat()[0] ?? '',
    body: stream as AsyncIterable<Buffer>,
    close: abort,
  };
  if (answer.status >= 300 && answer.status < 400) {
    abort();
    const where = excerptOf(answer.header('location').replace(/\/\/[^/]*@/, '//***@'));
    throw new EngineError(`${answer.call}: ${answer.status}: redirected to ${where}; an engine does not redirect`, {
      status: answer.status,
    });
  }
  return answer;
}

function headOf(stream: Request, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    // Stays for good: an error after the end of the request has no other listener.
    stream.on('error', reject);
    stream.once('response', resolve);
    stream.once('close', () => {
      reject(signal.aborted ? (signal.reason as Error) : new Error('the connection ended without an answer'));
    });
  });
}

async function asEngineError<T>(
  exchange: Exchange,
  call: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw engineError(exchange.connection.peer, call, error);
  }
}
