// Waits for one event of a socket.

import type { Socket } from 'node:net';

/** Resolves with the event's first argument. Rejects when the socket fails or closes before the event. */
export function socketEvent(socket: Socket, event: 'connect' | 'secureConnect' | 'data'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve).once('error', reject);
    socket.once('close', () => reject(new Error('connection closed')));
  });
}
