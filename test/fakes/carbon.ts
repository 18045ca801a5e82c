// A Carbon that a test can look into, and that can be made to do what TCP allows: stall, never close, break off.

import type { ExecutionContext } from 'ava';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { certificate, privateKey } from './certificate.ts';

export interface FakeCarbonOptions {
  readonly isTls?: boolean;
  /** To come back where another one was. */
  readonly port?: number;
  /** Whether it closes a connection whose other end has closed; default yes, as Carbon does. */
  readonly closesInTurn?: () => boolean;
  /** Whether it reads; default yes. */
  readonly reads?: () => boolean;
}

export interface FakeCarbon {
  readonly port: number;
  /** Everything that it has read. */
  bytes(): Buffer;
  lines(): string[];
  /** Connections there have been. */
  connections(): number;
  readonly sockets: ReadonlySet<Socket>;
  /** Resolves when it has read so many lines. */
  untilLines(count: number): Promise<void>;
  untilConnections(count: number): Promise<void>;
  /** Goes away, and breaks off all connections. */
  close(): Promise<void>;
}

/** Starts one on 127.0.0.1; it goes with its test. */
export async function fakeCarbon(
  t: Pick<ExecutionContext, 'teardown'>,
  options: FakeCarbonOptions = {},
): Promise<FakeCarbon> {
  const { isTls = false, port = 0, closesInTurn = () => true, reads = () => true } = options;
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const taken = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (!reads()) return;
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => closesInTurn() && socket.end());
  };
  const server: Server = isTls
    ? createTlsServer({ cert: certificate, key: privateKey, allowHalfOpen: true }, taken)
    : createServer({ allowHalfOpen: true }, taken);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const bytes = (): Buffer => Buffer.concat(chunks);
  const lines = (): string[] => bytes().toString('latin1').split('\n').slice(0, -1);
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setImmediate(resolve));
  };
  // Below TLS, too, where a handshake that fails leaves half a connection.
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
