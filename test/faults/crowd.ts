// Many misbehaving connections from many addresses.

import { connect, type Socket } from 'node:net';
import { becomes } from './stage.ts';

export interface Crowd {
  /** The number of connections by status; '' for those closed without an answer. */
  answers(): Readonly<Record<string, number>>;
  open(): number;
  close(): void;
}

export interface CrowdOptions {
  readonly url: string;
  readonly count: number;
  /** The number of source addresses, in 127.1.0.0/16. */
  readonly addresses: number;
  /** Each connection sends `first` at once, and `repeated` every `everyMs`. */
  readonly first?: string | Buffer;
  readonly repeated?: string;
  readonly everyMs?: number;
}

/** Resolves once every connection is accepted or refused. */
export async function crowd({
  url,
  count,
  addresses,
  first = '',
  repeated = '',
  everyMs = 1_000,
}: CrowdOptions): Promise<Crowd> {
  const { hostname, port } = new URL(url);
  const answers: Record<string, number> = {};
  const sockets: Socket[] = [];
  for (let number = 0; number < count; number += 1) {
    // Yields to the senders on the same event loop, whose answer times are measured.
    if (number % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    const from = number % addresses;
    const socket = connect({ port: Number(port), host: hostname, localAddress: `127.1.${from >> 8}.${from & 255}` });
    let received = '';
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => void (received += data.toString('latin1', 0, 64)));
    socket.once('connect', () => first.length > 0 && socket.write(first));
    socket.once('close', () => void (answers[received.slice(9, 12)] = (answers[received.slice(9, 12)] ?? 0) + 1));
    sockets.push(socket);
  }
  const timer = setInterval(() => drip(sockets, repeated), everyMs);
  await becomes(() => sockets.every(({ connecting }) => !connecting), 20_000);
  return {
    answers: () => ({ ...answers }),
    open: () => sockets.filter(({ destroyed }) => !destroyed).length,
    close() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}

function drip(sockets: readonly Socket[], text: string): void {
  if (text === '') return;
  for (const socket of sockets) if (!socket.destroyed && !socket.connecting) socket.write(text);
}
