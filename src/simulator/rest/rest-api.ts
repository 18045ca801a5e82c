// Serves Catchpoint's REST APIs v1 and v2 for a simulated world, on one port.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { SimulatedNode } from '../world/world-node.ts';
import { rateLimit } from './rate-limit.ts';
import { respond, type RestRequest, type RestState } from './rest-responses.ts';

export interface RestApiOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly nodes: readonly SimulatedNode[];
  readonly key: string;
  readonly secret: string;
  readonly apiKey: string;
  /** Default 0: a free port. */
  readonly port?: number;
  /** The accepted encodings of v1's token; default both. */
  readonly bearer?: RestState['bearer'];
  /** Sees every request first, for tests. Returns true if it answers the request itself. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface RestCall {
  readonly atMs: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Undefined if intercepted. */
  readonly status: number | undefined;
}

export interface RestApi {
  /** The origin, such as http://127.0.0.1:8082. */
  readonly url: string;
  /** The last calls, the newest last. */
  readonly calls: readonly RestCall[];
  setNodes(nodes: readonly SimulatedNode[]): void;
  close(): Promise<void>;
}

const maxRecordedCalls = 10_000;
const maxBodyBytes = 64 * 1024;

/** Listens on 127.0.0.1. Rejects if it cannot. */
export async function openRestApi(options: RestApiOptions): Promise<RestApi> {
  const { clock, port = 0, bearer = 'both', intercept } = options;
  let { nodes } = options;
  const calls: RestCall[] = [];
  const constant = { ...options, bearer, rateLimit: rateLimit(clock), tokens: new Map<string, number>() };

  function record({ method = '', url = '' }: IncomingMessage, status: number | undefined): void {
    calls.push({ atMs: clock.now(), method, path: url, status });
    if (calls.length > maxRecordedCalls) calls.shift();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = respond({ ...constant, nodes }, await readRequest(request));
    record(request, status);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(JSON.stringify(body));
  }

  const server = createServer((request, response) => {
    if (intercept?.(request, response) === true) return record(request, undefined);
    answer(request, response).catch(() => request.destroy());
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    setNodes: (changed) => void (nodes = changed),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readRequest(request: IncomingMessage): Promise<RestRequest> {
  const { authorization, 'content-type': contentType } = request.headers;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Error(`body: more than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return {
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'http://catchpoint'),
    authorization,
    contentType,
    body: Buffer.concat(chunks).toString(),
  };
}
