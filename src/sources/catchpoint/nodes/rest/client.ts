// One call to Catchpoint's REST API: paced, bounded in time and size, tried again where that may help, with errors
// that name what came back and no secret.

import { backoff } from '../../../../runtime/backoff.ts';
import type { Clock } from '../../../../runtime/clock.ts';
import type { CallBudget } from './call-budget.ts';
import { RestFailure } from './failure.ts';

export interface RestRequest<T> {
  readonly method: 'GET' | 'POST';
  /** Below the origin, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** Left out of every error message. */
  readonly secrets: readonly string[];
  /** What the JSON of an answer says is wrong; asked for whatever the status is. */
  readonly refusal: (body: unknown) => Refusal | undefined;
  /** Takes what was wanted out of the JSON; throws an error that says what is wrong with it. */
  readonly read: (body: unknown) => T;
}

export interface Refusal {
  readonly message: string;
  /** Whether the same call again would be refused again, although the status does not say so. */
  readonly final?: boolean;
}

export interface RestClient {
  /** @throws RestFailure, or the signal's reason */
  call<T>(request: RestRequest<T>, signal: AbortSignal): Promise<T>;
}

export interface RestClientOptions {
  /** The origin, with a path prefix where there is one. */
  readonly url: string;
  readonly budget: CallBudget;
  readonly clock: Clock;
  readonly random: () => number;
  readonly attempts?: number;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/** A longer pause than this is left to whoever called. */
const maxPauseMs = 120_000;

export function restClient(options: RestClientOptions): RestClient {
  const { budget, clock, random, attempts = 4 } = options;
  return {
    async call(request, signal) {
      for (let attempt = 1; ; attempt += 1) {
        await budget.spend(signal);
        try {
          return await once(options, request, signal);
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

async function once<T>(options: RestClientOptions, request: RestRequest<T>, signal: AbortSignal): Promise<T> {
  const { status, statusText, retryAfter, text } = await send(options, request, signal);
  const asked = `${request.method} ${request.path}`;
  const details = { status, ...retryAfterOf(retryAfter, options.clock.now()) };
  const final = status >= 400 && status < 500 && status !== 429;
  const json = parsed(text);
  if (json === undefined) {
    throw new RestFailure(`${asked}: answered ${status} ${statusText}, not JSON: ${shown(text, request.secrets)}`, {
      ...details,
      final,
    });
  }
  const refusal = request.refusal(json.body);
  if (refusal !== undefined || status < 200 || status > 299) {
    const said = shown(refusal?.message ?? text, request.secrets);
    throw new RestFailure(`${asked}: answered ${status} ${statusText}: ${said}`, {
      ...details,
      final: final || refusal?.final === true,
    });
  }
  try {
    return request.read(json.body);
  } catch (error) {
    throw new RestFailure(`${asked}: answered ${status}, but ${(error as Error).message}`, details);
  }
}

interface Sent {
  readonly status: number;
  readonly statusText: string;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** Under a signal of the request's own: got answers an abort after the end with an error that nobody catches. */
async function send<T>(options: RestClientOptions, request: RestRequest<T>, signal: AbortSignal): Promise<Sent> {
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

/** As a stream, so that a body without an end is cut off; redirects lead to login pages and are not followed. */
async function exchange<T>(options: RestClientOptions, request: RestRequest<T>, signal: AbortSignal): Promise<Sent> {
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
  // The loop below throws the error; one that comes behind its end is nobody's.
  stream.on('error', () => undefined);
  let head: Omit<Sent, 'text'> | undefined;
  stream.once(
    'response',
    ({
      statusCode,
      statusMessage,
      headers,
    }: {
      statusCode: number;
      statusMessage?: string;
      headers: Record<string, string>;
    }) => {
      head = { status: statusCode, statusText: statusMessage ?? '', retryAfter: headers['retry-after'] };
    },
  );
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

/** Whatever went wrong, as a failure that holds none of the request's secrets. */
function asFailure<T>(error: unknown, { method, path, secrets }: RestRequest<T>): RestFailure {
  const failure =
    error instanceof RestFailure
      ? error
      : new RestFailure(`${method} ${path}: ${(error as Error).message}`, { final: false });
  const { status, final, retryAfterMs } = failure;
  return new RestFailure(withoutSecrets(failure.message, secrets), {
    final,
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function parsed(text: string): { readonly body: unknown } | undefined {
  try {
    return { body: JSON.parse(text.replace(/^\uFEFF/, '')) as unknown };
  } catch {
    return undefined;
  }
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const written = secrets.filter((secret) => secret !== '').flatMap((secret) => [secret, encodeURIComponent(secret)]);
  return written.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

/** The beginning of an answer on one line, for an error message; it may echo what was sent. */
function shown(text: string, secrets: readonly string[]): string {
  const line = withoutSecrets(text.slice(0, 10_000), secrets)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (line === '') return 'nothing';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** Retry-After (RFC 9110, 10.2.3): seconds, or a date. */
function retryAfterOf(value: string | undefined, nowMs: number): { readonly retryAfterMs?: number } {
  if (value === undefined) return {};
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) && ms > 0 ? { retryAfterMs: ms } : {};
}
