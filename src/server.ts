// Listens for HTTP: a Koa application on an address, errors answered as one line of JSON, and a close that finishes
// the requests in hand.

import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Koa from 'koa';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { seldom } from './seldom.ts';

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

/** How long a sender may take over its headers and over a whole request. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 15_000;
/** Longer than a load balancer's usual 60 s, so that it never sends into a connection that we are closing. */
const keepAliveTimeoutMs = 65_000;

/** Once closing, a connection is kept no longer than its request in hand; 0 would keep it for ever. */
const endKeepAliveMs = 1;

/** An application whose errors are answered with their `status` and one line of JSON: `{"error":"…"}`. */
export function application(log: Log, clock: Clock): Koa {
  const app = new Koa();
  const failures = seldom(clock);
  app.use(async (context, next) => {
    try {
      await next();
      if (context.status >= 400 && context.body === undefined) answer(context, context.status, notServed(context));
    } catch (error) {
      const { status = 500, expose = false, message, retryAfterMs } = error as HttpError;
      if (status === 500) failures((times) => log.error({ times, reason: message, stack: (error as Error).stack }, 'requests fail'));
      if (retryAfterMs !== undefined) context.set('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
      if (!context.req.complete) context.set('Connection', 'close');
      answer(context, status, expose ? message : 'internal error');
    }
  });
  app.on('error', (error: Error) => log.debug({ reason: error.message }, 'an answer could not be sent'));
  return app;
}

interface HttpError extends Error {
  readonly status?: number;
  /** Whether the message is meant for the sender. */
  readonly expose?: boolean;
  readonly retryAfterMs?: number;
}

function answer(context: Koa.Context, status: number, error: string): void {
  context.status = status;
  context.body = { error };
}

function notServed({ status, method, path }: Koa.Context): string {
  return status === 405 || status === 501 ? `method: ${method} is not served at ${path}` : `path: nothing is served at ${path}`;
}

/**
 * Listens with an application.
 *
 * @throws CannotListen
 */
export async function listen(app: Koa, address: Address): Promise<Listener> {
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, app.callback());
  server.keepAliveTimeout = keepAliveTimeoutMs;
  const idle = idleConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new CannotListen(address, error)));
    server.listen(address.port, address.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${hostForUrl(address.host)}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.keepAliveTimeout = endKeepAliveMs;
        idle.cut();
      }),
    cut: () => server.closeAllConnections(),
  };
}

/**
 * The connections that have sent no whole head of a request since their last answer. Node counts one on which nothing
 * was ever sent among those in use.
 */
function idleConnections(server: Server): { cut(): void } {
  const idle = new Set<Socket>();
  server.on('connection', (socket) => {
    idle.add(socket);
    socket.once('close', () => idle.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
  return {
    cut() {
      for (const socket of idle) socket.destroy();
    },
  };
}

function hostForUrl(host: string): string {
  if (host === '' || host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
