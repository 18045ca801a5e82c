// An OpenTSDB for the benchmark, a process of its own: it unpacks each put and counts its points, and answers as with `details`
// that all of them were stored. `GET /count` tells how many. Arguments: how many ms each answer takes; how many Carbons to be beside it.

import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { gunzipSync } from 'node:zlib';

const delayMs = Number(process.argv[2] ?? 0);
const mark = Buffer.from('"metric":');
const counted = { points: 0, firstAtMs: 0, lastAtMs: 0 };

function pointsIn(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) count += 1;
  return count;
}

function answer(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

const server = createServer((request, response) => {
  if (request.method === 'GET') return answer(response, counted);
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const sent = Buffer.concat(chunks);
    const stored = pointsIn(request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent);
    counted.points += stored;
    counted.firstAtMs ||= performance.now();
    const tell = (): void => {
      counted.lastAtMs = performance.now();
      answer(response, { success: stored, failed: 0, errors: [] });
    };
    if (delayMs > 0) setTimeout(tell, delayMs);
    else tell();
  });
});
server.keepAliveTimeout = 65_000;

/** Reads what comes, and closes when its sender does, as Carbon does. */
function carbon(): Server {
  return createTcpServer({ allowHalfOpen: true }, (socket) => socket.on('end', () => socket.end()).on('error', () => {}).resume());
}

function listening(one: Server): Promise<string> {
  return new Promise((resolve) => one.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(one.address() as AddressInfo).port}`)));
}

const carbons = await Promise.all(Array.from({ length: Number(process.argv[3] ?? 0) }, () => listening(carbon())));
console.log(JSON.stringify({ url: `http://${await listening(server)}`, carbons }));
