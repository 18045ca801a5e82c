// Holds a port and forwards its connections to another one, so that a server can be replaced without losing its port.

import type { ExecutionContext } from 'ava';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Forwards later connections to this port, and cuts the present ones. */
  to(port: number): void;
}

export async function relay(t: Pick<ExecutionContext, 'teardown'>, firstPort: number): Promise<Relay> {
  let target = firstPort;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    to(port) {
      target = port;
      cut();
    },
  };
}
