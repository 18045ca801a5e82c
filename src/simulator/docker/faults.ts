// What a test or a demo makes a simulated engine do wrong.

import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/**
 * - an answer instead of the engine's own: a status, a body, headers;
 * - `hang`: the request is never answered;
 * - `reset`: the connection breaks without an answer;
 * - `cut`: it breaks in the middle of an answer;
 * - a delay before the engine's own answer.
 */
export type Fault =
  | {
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly delayMs: number }
  | 'hang'
  | 'reset'
  | 'cut';

/** Plays a fault that is no delay. */
export function playFault(response: ServerResponse, fault: Exclude<Fault, { readonly delayMs: number }>): void {
  const { socket } = response;
  switch (fault) {
    case 'hang':
      return;
    case 'reset':
      return breakOff(socket);
    case 'cut':
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
      response.write('{"read":', () => breakOff(socket));
      return;
    default: {
      const { status, body, headers } = fault;
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
    }
  }
}

/** A unix socket knows no reset. */
function breakOff(socket: Socket | null): void {
  if (socket?.remoteAddress === undefined) socket?.destroy();
  else socket.resetAndDestroy();
}

/** What docker-socket-proxy answers to what it does not allow. */
export const refusedByProxy: Fault = {
  status: 403,
  body: '<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n',
  headers: { 'Content-Type': 'text/html' },
};
