// A crowd of connections that do no good, from as many addresses as they are said to come from.

import { connect, type Socket } from 'node:net';
import { becomes } from './stage.ts';

export interface Crowd {
  /** How many of them began with each answer; '' for those that were closed without one. */
  answers(): Readonly<Record<string, number>>;
  open(): number;
  close(): void;
}

export interface CrowdOptions {
  readonly url: string;
  readonly count: number;
  /** How many addresses of 127.1.0.0/16 they come from. */
  readonly addresses: number;
  /** What each sends at once, and then again and again. */
  readonly first?: string | Buffer;
  readonly then?: string;
  readonly everyMs?: number;
}

/** Resolves when each has been connected or turned away. */
export async function crowd({
  url,
  count,
  addresses,
  first = '',
  then = '',
  everyMs = 1_000,
}: CrowdOptions): Promise<Crowd> {
  const { hostname, port } = new URL(url);
  const answers: Record<string, number> = {};
  const sockets: Socket[] = [];
  for (let number = 0; number < count; number += 1) {
    // Whoever pushes beside it has the same event loop, and its times are not to be those of this one.
    if (number % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    const from = number % addresses;
    const socket = connect({ port: Number(port), host: hostname, localAddress: `127.1.${from >> 8}.${from & 255}` });
    let heard = '';
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => void (heard += data.toString('latin1', 0, 64)));
    socket.once('connect', () => first.length > 0 && socket.write(first));
    socket.once('close', () => void (answers[heard.slice(9, 12)] = (answers[heard.slice(9, 12)] ?? 0) + 1));
    sockets.push(socket);
  }
  const drip = setInterval(() => drop(sockets, then), everyMs);
  await becomes(() => sockets.every(({ connecting }) => !connecting), 20_000);
  return {
    answers: () => ({ ...answers }),
    open: () => sockets.filter(({ destroyed }) => !destroyed).length,
    close() {
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function drop(sockets: readonly Socket[], text: string): void {
  if (text === '') return;
  for (const socket of sockets) if (!socket.destroyed && !socket.connecting) socket.write(text);
}
