// Pairs the two sockets of a TLS connection. A TLS server emits the raw socket first; requests refer to the TLS socket.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

/** Calls `paired` after each handshake, never for a server without TLS. Only the peer address relates the sockets. */
export function onTlsSocket(server: Server, paired: (rawSocket: Socket, tlsSocket: Socket) => void): void {
  if (!(server instanceof TlsServer)) return;
  const rawSockets = new Map<string, Socket>();
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    rawSockets.set(peer, socket);
    socket.once('close', () => {
      if (rawSockets.get(peer) === socket) rawSockets.delete(peer);
    });
  });
  server.on('secureConnection', (tlsSocket) => {
    const rawSocket = rawSockets.get(peerOf(tlsSocket));
    if (rawSocket !== undefined) paired(rawSocket, tlsSocket);
  });
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
