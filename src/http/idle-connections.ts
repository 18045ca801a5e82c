// Closes idle connections when a server stops.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onTlsSocket } from './tls-sockets.ts';

/**
 * A connection is idle while it has no whole request head since its last answer. Node's `closeIdleConnections` leaves
 * connections that never sent anything, and those in a TLS handshake.
 */
export function idleConnections(server: Server): { cut(): void } {
  /** The last response of each connection, finished or not. */
  const responses = new Map<Socket, ServerResponse | undefined>();
  const closed = function (this: Socket): void {
    responses.delete(this);
  };
  const opened = (socket: Socket): void => {
    responses.set(socket, undefined);
    socket.once('close', closed);
  };
  server.on('connection', opened);
  onTlsSocket(server, (rawSocket, tlsSocket) => {
    opened(tlsSocket);
    responses.delete(rawSocket);
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (responses.has(socket)) responses.set(socket, response);
  });
  return {
    cut() {
      for (const [socket, response] of responses)
        if (response === undefined || response.writableFinished) socket.destroy();
    },
  };
}
