// A port for a server that cannot be asked for any free one, out of those that the system gives to nobody by itself: one of its own
// choice may be another's by the time that the server wants it.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the usual range of ephemeral ports (32768 to 60999 on Linux). */
const [lowest, beyond] = [20_000, 32_000];

export async function freePort(): Promise<number> {
  const port = randomInt(lowest, beyond);
  return (await isFree(port)) ? port : freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
