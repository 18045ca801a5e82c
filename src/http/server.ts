// HTTP listeners: a Koa application on an address, errors answered as JSON, and a graceful close.

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import Koa from 'koa';
import type { Clock } from '../runtime/clock.ts';
import type { HttpError } from './http-error.ts';
import { idleConnections } from './idle-connections.ts';
import type { Log } from '../runtime/log.ts';
import { requestIdHeader, type RequestIds, requestIds } from './request-id.ts';
import { logThrottle } from '../runtime/log-throttle.ts';

/** An address to listen on; port 0 takes a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** For example http://127.0.0.1:8080 */
  readonly url: string;
  readonly port: number;
  /** Stops accepting and closes idle connections; resolves when all requests in flight are answered. */
  close(): Promise<void>;
  /** Closes all connections at once. */
  cut(): void;
}

export class CannotListen extends Error {
  override readonly name = 'CannotListen';
  readonly exitCode = 69;
  readonly code: string | undefined;
  constructor({ host, port }: Address, cause: NodeJS.ErrnoException) {
    const reason = cause.code === 'EADDRINUSE' ? 'the address is in use' : cause.message;
    super(`cannot listen on ${host}:${port}: ${reason}`, { cause });
    this.code = cause.code;
  }
}

interface ListenOptions {
  /** Undefined: plain HTTP. */
  readonly tls?: TlsOptions | undefined;
  /** Called before the server listens. */
  readonly guard?: (server: Server) => void;
}

/** Bounds on receiving the headers and the whole request, checked every second. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 };
/** Bytes of all headers together. */
const maxHeaderSize = 16_384;
/** Longer than the 60 s of common load balancers, so that they never reuse a connection that is being closed. */
const keepAliveTimeoutMs = 65_000;

/** Connections that wait to be accepted. Over it clients retry after a second or more. The system may allow fewer. */
const backlog = 4096;

/** While closing, a connection ends with its request. 0 would keep the connection open. */
const closingKeepAliveMs = 1;

/** Request ids and error answers of an application. */
export interface Answers {
  readonly idOf: RequestIds;
  /** Answers a request with an error. */
  refuse(context: Koa.Context, requestId: string, error: unknown): void;
}

/**
 * An application that answers errors with their `status` and `{"error":"…"}`.
 *
 * @param first - makes the first middleware, which must handle its own errors
 */
export function application(log: Log, clock: Clock, first?: (answers: Answers) => Koa.Middleware): Koa {
  const app = new Koa();
  const answers: Answers = { idOf: requestIds(), refuse: refusalsOf(log, clock) };
  if (first !== undefined) app.use(first(answers));
  app.use(async (context, next) => {
    const requestId = answers.idOf(context.get(requestIdHeader));
    context.state['requestId'] = requestId;
    context.set(requestIdHeader, requestId);
    try {
      await next();
      // 200 means that a push was taken.
      if (context.method === 'OPTIONS' && context.status === 200) context.status = 204;
      if (context.status >= 400 && context.body === undefined) answer(context, context.status, notServed(context));
    } catch (error) {
      answers.refuse(context, requestId, error);
    }
  });
  app.on('error', (error: Error) => log.debug({ reason: error.message }, 'an answer could not be sent'));
  return app;
}

/** Any error may have the members of an HttpError; one without a status is answered 500. */
type ErrorAnswer = Error & Partial<HttpError>;

function refusalsOf(log: Log, clock: Clock): Answers['refuse'] {
  const failures = logThrottle(clock);
  return (context, requestId, error) => {
    const { status = 500, expose = false, message, retryAfterMs, challenge, stack } = error as ErrorAnswer;
    if (status === 500) failures((times) => log.error({ requestId, times, reason: message, stack }, 'requests fail'));
    context.set(requestIdHeader, requestId);
    if (retryAfterMs !== undefined) context.set('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
    if (challenge !== undefined) context.set('WWW-Authenticate', challenge);
    if (!context.req.complete && !isShortUnread(context.req)) context.set('Connection', 'close');
    answer(context, status, expose ? message : 'internal error');
    log.debug({ requestId, status, reason: message }, 'a request is refused');
  };
}

/** Node discards a short body that was not read, so the connection can be kept. */
function isShortUnread({ readableDidRead, headers }: IncomingMessage): boolean {
  return !readableDidRead && Number(headers['content-length'] ?? Infinity) <= 65_536;
}

function answer(context: Koa.Context, status: number, error: string): void {
  context.status = status;
  context.body = { error };
}

function notServed({ status, method, path, response }: Koa.Context): string {
  if (status !== 405 && status !== 501) return `path: nothing is served at ${path}`;
  return `method: ${path} takes ${response.get('Allow')}, found ${method}`;
}

/** @throws CannotListen */
export async function listen(app: Koa, address: Address, { tls, guard }: ListenOptions = {}): Promise<Listener> {
  const handle = app.callback();
  const server = serverFor((request, response) => void handle(request, response), tls);
  server.keepAliveTimeout = keepAliveTimeoutMs;
  const idle = idleConnections(server);
  guard?.(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new CannotListen(address, error)));
    server.listen({ ...address, backlog }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${hostForUrl(address.host)}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.keepAliveTimeout = closingKeepAliveMs;
        idle.cut();
      }),
    cut() {
      idle.cut();
      server.closeAllConnections();
    },
  };
}

/** Listens on the address or, when it is in use and `mayMove`, on a free port of the same host. @throws CannotListen */
export async function listenNear(
  app: Koa,
  address: Address,
  { mayMove }: { readonly mayMove: boolean },
): Promise<Listener> {
  try {
    return await listen(app, address);
  } catch (error) {
    if (!mayMove || !(error instanceof CannotListen && error.code === 'EADDRINUSE')) throw error;
    return listen(app, { ...address, port: 0 });
  }
}

function serverFor(callback: RequestListener, tls: TlsOptions | undefined): Server {
  const options = { ...timeouts, maxHeaderSize };
  return tls === undefined ? createServer(options, callback) : createTlsServer({ ...options, ...tls }, callback);
}

function hostForUrl(host: string): string {
  if (host === '' || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
