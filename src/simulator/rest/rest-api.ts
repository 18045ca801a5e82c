// Catchpoint's REST APIs v1 and v2 over a simulated world, on one port: tokens, API keys, pages and call limits as there.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import { callCounts, catchpointLimits } from './call-limits.ts';
import { restAnswer, type Asked, type RestWorld } from './rest-answer.ts';
import type { SimulatedNode } from '../world/world-node.ts';

export interface RestApiOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly nodes: readonly SimulatedNode[];
  readonly key: string;
  readonly secret: string;
  readonly apiKey: string;
  readonly host?: string;
  readonly port?: number;
  /** Which way of writing v1's token is taken. */
  readonly bearer?: RestWorld['bearer'];
  /** Sees every request first, for tests; true when it has answered the request itself. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface RestCall {
  readonly atMs: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Undefined when it was intercepted. */
  readonly status: number | undefined;
}

export interface RestApi {
  /** The origin, such as http://127.0.0.1:8082. */
  readonly url: string;
  readonly port: number;
  /** The last calls, the newest last. */
  readonly calls: readonly RestCall[];
  setNodes(nodes: readonly SimulatedNode[]): void;
  close(): Promise<void>;
}

const maxCallsRemembered = 10_000;
const maxBodyBytes = 64 * 1024;

/** Opens the simulated APIs on `port` of `host`; by default a free port of 127.0.0.1. */
export async function openRestApi(options: RestApiOptions): Promise<RestApi> {
  const { clock, key, secret, apiKey, host = '127.0.0.1', port = 0, bearer = 'both' } = options;
  let nodes = options.nodes;
  const calls: RestCall[] = [];
  const counts = callCounts(catchpointLimits, clock);
  const world: RestWorld = {
    clock,
    nodes: () => nodes,
    key,
    secret,
    apiKey,
    bearer,
    counts,
    limits: catchpointLimits,
    tokens: new Map(),
  };

  function remember(request: IncomingMessage, status: number | undefined): void {
    calls.push({ atMs: clock.now(), method: request.method ?? '', path: request.url ?? '', status });
    if (calls.length > maxCallsRemembered) calls.shift();
  }

  const server = createServer((request, response) => {
    if (options.intercept?.(request, response) === true) return remember(request, undefined);
    whole(request)
      .then((body) => {
        const { status, body: answer, headers } = restAnswer(world, askedOf(request, body));
        remember(request, status);
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
        response.end(JSON.stringify(answer));
      })
      .catch(() => request.destroy());
  });
  await listening(server, port, host);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    calls,
    setNodes: (changed) => void (nodes = changed),
    close: () => closed(server),
  };
}

function askedOf(request: IncomingMessage, body: string): Asked {
  const { authorization, 'content-type': contentType } = request.headers;
  return {
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'http://catchpoint'),
    authorization,
    contentType,
    body,
  };
}

async function whole(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`body: more than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
