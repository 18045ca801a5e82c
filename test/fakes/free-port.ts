// A port for a server that cannot listen on port 0. It is outside the range of ephemeral ports, since the system may
// give one of those to another process before the server listens.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ephemeral ports of Linux, 32768 to 60999. */
const [minPort, maxPort] = [20_000, 32_000];

export async function freePort(): Promise<number> {
  const port = randomInt(minPort, maxPort);
  return (await isFree(port)) ? port : freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
