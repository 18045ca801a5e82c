// The HTTP client of Catchpoint's REST API: rate limit, timeout, size limit, retries, and errors without secrets.

import type { Response } from 'got';
import { backoff } from '../../../../runtime/backoff.ts';
import type { Clock } from '../../../../runtime/clock.ts';
import type { CallBudget } from './call-budget.ts';
import { RestFailure } from './failure.ts';

export interface RestRequest<T> {
  readonly method: 'GET' | 'POST';
  /** Relative to the origin, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** Removed from every error message. */
  readonly secrets: readonly string[];
  /** Finds the API's own error in an answer of any HTTP status. */
  readonly refusal: (body: unknown) => Refusal | undefined;
  /** Parses the JSON of the answer. @throws an error that names the fault */
  readonly read: (body: unknown) => T;
}

export interface Refusal {
  readonly message: string;
  /** True if a retry would be refused again, although the HTTP status does not show it. */
  readonly final?: boolean;
}

export interface RestClient {
  /** @throws RestFailure, or the signal's reason */
  call<T>(request: RestRequest<T>, signal: AbortSignal): Promise<T>;
}

export interface RestClientOptions {
  /** The origin, with an optional path prefix. */
  readonly url: string;
  readonly budget: CallBudget;
  readonly clock: Clock;
  readonly random: () => number;
  readonly attempts?: number;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/** A longer pause ends the call. The failure has `retryAfterMs` for the caller. */
const maxPauseMs = 120_000;

export function restClient(options: RestClientOptions): RestClient {
  const { budget, clock, random, attempts = 4 } = options;
  return {
    async call(request, signal) {
      for (let attempt = 1; ; attempt += 1) {
        await budget.spend(signal);
        try {
          return await attemptCall(options, request, signal);
        } catch (error) {
          signal.throwIfAborted();
          const failure = asFailure(error, request);
          const pauseMs = Math.max(backoff(attempt, random, { baseMs: 1000 }), failure.retryAfterMs ?? 0);
          if (failure.final || attempt >= attempts || pauseMs > maxPauseMs) throw failure;
          await clock.sleep(pauseMs, { signal });
        }
      }
    },
  };
}

async function attemptCall<T>(options: RestClientOptions, request: RestRequest<T>, signal: AbortSignal): Promise<T> {
  const { status, statusText, retryAfter, text } = await send(options, request, signal);
  const call = `${request.method} ${request.path}`;
  const details = { status, retryAfterMs: retryAfterMs(retryAfter, options.clock.now()) };
  const final = status >= 400 && status < 500 && status !== 429;
  const json = parsed(text);
  if (json === undefined) {
    const excerpt = excerptOf(text, request.secrets);
    throw new RestFailure(`${call}: answered ${status} ${statusText}, not JSON: ${excerpt}`, { ...details, final });
  }
  const refusal = request.refusal(json.body);
  if (refusal !== undefined || status < 200 || status > 299) {
    const reason = excerptOf(refusal?.message ?? text, request.secrets);
    throw new RestFailure(`${call}: answered ${status} ${statusText}: ${reason}`, {
      ...details,
      final: final || refusal?.final === true,
    });
  }
  try {
    return request.read(json.body);
  } catch (error) {
    throw new RestFailure(`${call}: answered ${status}, but ${(error as Error).message}`, details);
  }
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Gives got a separate signal: an abort after the end of a got request is an unhandled error. */
async function send<T>(options: RestClientOptions, request: RestRequest<T>, signal: AbortSignal): Promise<Answer> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await exchange(options, request, stop.signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Streams the body to enforce the size limit. Follows no redirect: redirects lead to login pages. */
async function exchange<T>(options: RestClientOptions, request: RestRequest<T>, signal: AbortSignal): Promise<Answer> {
  const { url, timeoutMs = 30_000, maxBytes = 32 * 1024 * 1024 } = options;
  const { got } = await import('got');
  const stream = got.stream(`${url.replace(/\/+$/, '')}${request.path}`, {
    method: request.method,
    headers: { accept: 'application/json', 'user-agent': 'catchpoint-opentsdb-bridge', ...request.headers },
    ...(request.form === undefined ? {} : { form: request.form }),
    retry: { limit: 0 },
    timeout: { request: timeoutMs },
    throwHttpErrors: false,
    followRedirect: false,
    signal,
  });
  // The loop below throws errors. This listener ignores one after its end.
  stream.on('error', () => undefined);
  let head: Omit<Answer, 'text'> | undefined;
  stream.once('response', ({ statusCode, statusMessage, headers }: Response) => {
    head = { status: statusCode, statusText: statusMessage ?? '', retryAfter: headers['retry-after'] };
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (head === undefined) throw new Error('the connection ended without an answer');
  return { ...head, text: Buffer.concat(chunks, bytes).toString() };
}

/** Any error as a RestFailure without the request's secrets. */
function asFailure<T>(error: unknown, { method, path, secrets }: RestRequest<T>): RestFailure {
  const failure =
    error instanceof RestFailure ? error : new RestFailure(`${method} ${path}: ${(error as Error).message}`);
  return new RestFailure(withoutSecrets(failure.message, secrets), failure);
}

function parsed(text: string): { readonly body: unknown } | undefined {
  try {
    return { body: JSON.parse(text.replace(/^\uFEFF/, '')) as unknown };
  } catch {
    return undefined;
  }
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.filter((secret) => secret !== '').flatMap((secret) => [secret, encodeURIComponent(secret)]);
  return forms.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** At most 200 characters of an answer on one line. The answer may echo a secret. */
function excerptOf(text: string, secrets: readonly string[]): string {
  const line = withoutSecrets(text.slice(0, 10_000), secrets)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (line === '') return 'nothing';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** Parses Retry-After (RFC 9110, 10.2.3): seconds, or a date. */
function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}
