// A Carbon that records its input, and can stall, never close, or reset its connections.

import type { ExecutionContext } from 'ava';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { certificate, privateKey } from './certificate.ts';
import { until } from './until.ts';

export interface FakeCarbonOptions {
  readonly isTls?: boolean;
  readonly port?: number;
  /** Closes a connection after its peer; default true, as Carbon does. */
  readonly closesAfterPeer?: () => boolean;
  /** Default true. */
  readonly reads?: () => boolean;
}

export interface FakeCarbon {
  readonly port: number;
  bytes(): Buffer;
  lines(): string[];
  /** Connections so far. */
  connections(): number;
  readonly sockets: ReadonlySet<Socket>;
  untilLines(count: number): Promise<void>;
  untilConnections(count: number): Promise<void>;
  /** Stops, and resets all connections. */
  close(): Promise<void>;
}

/** Starts one on 127.0.0.1, and closes it after the test. */
export async function fakeCarbon(
  t: Pick<ExecutionContext, 'teardown'>,
  options: FakeCarbonOptions = {},
): Promise<FakeCarbon> {
  const { isTls = false, port = 0, closesAfterPeer = () => true, reads = () => true } = options;
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (!reads()) return;
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => closesAfterPeer() && socket.end());
  };
  const server: Server = isTls
    ? createTlsServer({ cert: certificate, key: privateKey, allowHalfOpen: true }, accept)
    : createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const bytes = (): Buffer => Buffer.concat(chunks);
  const lines = (): string[] => bytes().toString('latin1').split('\n').slice(0, -1);
  // Includes connections whose TLS handshake failed.
  const raw = new Set<Socket>();
  server.on('connection', (socket: Socket) => raw.add(socket.on('close', () => raw.delete(socket))));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of [...sockets, ...raw]) socket.resetAndDestroy();
    });
  t.teardown(close);
  return {
    port: (server.address() as AddressInfo).port,
    bytes,
    lines,
    connections: () => connections,
    sockets,
    untilLines: (count) => until(() => lines().length >= count),
    untilConnections: (count) => until(() => connections >= count),
    close,
  };
}
