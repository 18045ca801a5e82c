// The connections of a server that may be cut without loss when it closes.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections that have sent no whole head of a request since their last answer. Node counts one on which nothing
 * was ever sent among those in use, and knows none on which TLS has not come about.
 */
export function idleConnections(server: Server, isTls: boolean): { cut(): void } {
  /** What each was answered last, or is being answered. */
  const answers = new Map<Socket, ServerResponse | undefined>();
  const forget = function (this: Socket): void {
    answers.delete(this);
  };
  const add = (socket: Socket): void => {
    answers.set(socket, undefined);
    socket.once('close', forget);
  };
  server.on('connection', add);
  if (isTls)
    onceSecure(server, (bare, socket) => {
      add(socket);
      answers.delete(bare);
    });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    if (answers.has(socket)) answers.set(socket, response);
  });
  return {
    cut() {
      for (const [socket, answer] of answers) if (answer === undefined || answer.writableFinished) socket.destroy();
    },
  };
}

/** TLS comes with a socket of its own; that it is of the same connection only its other end says. */
function onceSecure(server: Server, secured: (bare: Socket, socket: Socket) => void): void {
  const bareOnes = new Map<string, Socket>();
  server.on('connection', (bare: Socket) => {
    const peer = peerOf(bare);
    bareOnes.set(peer, bare);
    bare.once('close', () => bareOnes.delete(peer));
  });
  server.on('secureConnection', (socket: Socket) => {
    const bare = bareOnes.get(peerOf(socket));
    if (bare !== undefined) secured(bare, socket);
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
