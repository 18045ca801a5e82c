// The OpenTSDB of the benchmark, in a process of its own. It unpacks each put, counts its points, and answers as with
// `details` that all are stored; it accepts vmagent's writes unread. Arguments: the delay of each answer in ms; the
// number of Carbons beside it; `down`: it answers no put until `POST /up`. `GET /count` returns the points and their
// time.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { gunzipSync } from 'node:zlib';

const [delayWord = '0', carbonsWord = '0', stateWord = 'up'] = process.argv.slice(2);
const delayMs = Number(delayWord);
const mark = Buffer.from('"metric":');
const counted = { points: 0, carbonPoints: 0, firstAtMs: 0, lastAtMs: 0 };
let isUp = stateWord === 'up';

function pointsIn(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) count += 1;
  return count;
}

function answer(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

/** The machine's clock, comparable between processes. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function put(request: IncomingMessage, sent: Buffer, response: ServerResponse): void {
  const stored = pointsIn(request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent);
  counted.points += stored;
  if (stored > 0) counted.firstAtMs ||= nowMs();
  const tell = (): void => {
    counted.lastAtMs = nowMs();
    answer(response, { success: stored, failed: 0, errors: [] });
  };
  if (delayMs > 0) setTimeout(tell, delayMs);
  else tell();
}

const server = createServer((request, response) => {
  const { method, url } = request;
  if (method === 'GET' && url === '/count') return answer(response, counted);
  if (url === '/up') {
    isUp = true;
    return answer(response, {});
  }
  if (!isUp) return request.socket.destroy();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (method === 'GET') answer(response, {});
    else if (url === '/write') response.writeHead(204).end();
    else put(request, Buffer.concat(chunks), response);
  });
});
server.keepAliveTimeout = 65_000;

/** Counts lines, and closes a connection after its sender, as Carbon does. */
function carbon(): Server {
  return createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket.on('end', () => socket.end()).on('error', () => {});
    socket.on('data', (data: Buffer) => {
      for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, at + 1)) counted.carbonPoints += 1;
      counted.lastAtMs = nowMs();
    });
  });
}

function listening(one: Server): Promise<string> {
  return new Promise((resolve) =>
    one.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(one.address() as AddressInfo).port}`)),
  );
}

const carbons = await Promise.all(Array.from({ length: Number(carbonsWord) }, () => listening(carbon())));
console.log(JSON.stringify({ url: `http://${await listening(server)}`, carbons }));
