// Listens for HTTP: a Koa application on an address, errors answered as one line of JSON, and a close that finishes
// the requests in hand.

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import Koa from 'koa';
import type { Clock } from '../runtime/clock.ts';
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
  /** Such as http://127.0.0.1:8080 */
  readonly url: string;
  readonly port: number;
  /** Takes no more connections, and cuts those without a request; resolves when the requests in hand are answered. */
  close(): Promise<void>;
  /** Cuts every connection, whatever it is in the middle of. */
  cut(): void;
}

/** An address that cannot be listened on. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
  readonly exitCode = 69;
  readonly code: string | undefined;
  constructor({ host, port }: Address, cause: NodeJS.ErrnoException) {
    const why = cause.code === 'EADDRINUSE' ? 'the address is in use' : cause.message;
    super(`cannot listen on ${host}:${port}: ${why}`, { cause });
    this.code = cause.code;
  }
}

export interface ListenOptions {
  /** Listens with TLS. */
  readonly tls?: TlsOptions | undefined;
  /** Shown the server before it listens. */
  readonly guard?: (server: Server) => void;
}

/** How long a sender may take over its headers and over a whole request, looked at every second. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 };
/** Of all headers together. */
const maxHeaderSize = 16_384;
/** Longer than a load balancer's usual 60 s, so that it never sends into a connection that we are closing. */
const keepAliveTimeoutMs = 65_000;

/** Connections that wait to be accepted; a burst over it costs those behind it a second or more. The system may allow fewer. */
const backlog = 4096;

/** Once closing, a connection is kept no longer than its request in hand; 0 would keep it for ever. */
const endKeepAliveMs = 1;

/** What all requests to an application have in common. */
export interface Answers {
  /** The id of a request, given the one that it came with. */
  readonly idOf: RequestIds;
  /** Answers a request that failed or is refused. */
  refuse(context: Koa.Context, requestId: string, error: unknown): void;
}

/**
 * An application whose errors are answered with their `status` and one line of JSON: `{"error":"…"}`.
 *
 * @param first - makes what stands before everything else, and what answers for itself
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
      // 200 is said of what was taken, and of nothing else.
      if (context.method === 'OPTIONS' && context.status === 200) context.status = 204;
      if (context.status >= 400 && context.body === undefined) answer(context, context.status, notServed(context));
    } catch (error) {
      answers.refuse(context, requestId, error);
    }
  });
  app.on('error', (error: Error) => log.debug({ reason: error.message }, 'an answer could not be sent'));
  return app;
}

function refusalsOf(log: Log, clock: Clock): Answers['refuse'] {
  const failures = logThrottle(clock);
  return (context, requestId, error) => {
    const { status = 500, expose = false, message, retryAfterMs, challenge, stack } = error as HttpError;
    if (status === 500) failures((times) => log.error({ requestId, times, reason: message, stack }, 'requests fail'));
    context.set(requestIdHeader, requestId);
    if (retryAfterMs !== undefined) context.set('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
    if (challenge !== undefined) context.set('WWW-Authenticate', challenge);
    if (!context.req.complete && !isSoonOver(context.req)) context.set('Connection', 'close');
    answer(context, status, expose ? message : 'internal error');
    log.debug({ requestId, status, reason: message }, 'a request is refused');
  };
}

/** A body that nobody has begun to read, and that is short, is thrown away; the connection goes on. */
function isSoonOver({ readableDidRead, headers }: IncomingMessage): boolean {
  return !readableDidRead && Number(headers['content-length'] ?? Infinity) <= 65_536;
}

interface HttpError extends Error {
  readonly status?: number;
  /** Whether the message is meant for the sender. */
  readonly expose?: boolean;
  readonly retryAfterMs?: number;
  /** After a 401, how to say who one is. */
  readonly challenge?: string;
}

function answer(context: Koa.Context, status: number, error: string): void {
  context.status = status;
  context.body = { error };
}

function notServed({ status, method, path, response }: Koa.Context): string {
  if (status !== 405 && status !== 501) return `path: nothing is served at ${path}`;
  return `method: ${path} takes ${response.get('Allow')}, found ${method}`;
}

/**
 * Listens with an application.
 *
 * @throws CannotListen
 */
export async function listen(app: Koa, address: Address, { tls, guard }: ListenOptions = {}): Promise<Listener> {
  const server = serverFor(app.callback(), tls);
  server.keepAliveTimeout = keepAliveTimeoutMs;
  const idle = idleConnections(server, tls !== undefined);
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
        server.keepAliveTimeout = endKeepAliveMs;
        idle.cut();
      }),
    cut() {
      idle.cut();
      server.closeAllConnections();
    },
  };
}

/** Listens on the address, or where that is in use and it may move, on a free port beside it. @throws CannotListen */
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
