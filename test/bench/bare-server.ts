// A bare server for comparison: it reads and parses the body of a push and answers 200. Arguments: `http` (node:http),
// `synced` (which also writes and syncs the bodies in groups) or `koa`; `tls` or `plain`; the parent of the directory
// for bodies.

import { fdatasync, mkdtempSync, openSync, rmSync, write } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Koa from 'koa';
import { certificate, privateKey } from '../fakes/certificate.ts';

function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
  });
}

/** Parses the body, which every receiver has to do. */
async function parsed(request: IncomingMessage): Promise<Buffer> {
  const body = await bodyOf(request);
  if (typeof JSON.parse(body.toString()) !== 'object') throw new Error('no object');
  return body;
}

/** Writes and syncs together all bodies that arrive during the last write. */
function groupedSync(): (body: Buffer) => Promise<void> {
  const directory = mkdtempSync(join(parent, 'bridge-bench-'));
  const file = openSync(join(directory, 'bodies'), 'w');
  rmSync(directory, { recursive: true });
  const [written, synced] = [promisify(write), promisify(fdatasync)];
  let waiting: { readonly body: Buffer; readonly done: () => void }[] = [];
  let isBusy = false;
  async function flush(): Promise<void> {
    isBusy = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await written(file, Buffer.concat(group.map(({ body }) => body)));
      await synced(file);
      for (const { done } of group) done();
    }
    isBusy = false;
  }
  return (body) =>
    new Promise((done) => {
      waiting.push({ body, done });
      if (!isBusy) void flush();
    });
}

function listener(kind: string): RequestListener {
  if (kind === 'koa') {
    const app = new Koa();
    app.use(async (context) => {
      await parsed(context.req);
      context.body = '';
    });
    const callback = app.callback();
    return (request, response) => void callback(request, response);
  }
  const store = kind === 'synced' ? groupedSync() : async (): Promise<void> => {};
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await store(await parsed(request));
    response.writeHead(200, { 'Content-Length': 0 }).end();
  };
  return (request, response) => void answer(request, response);
}

const [kind = 'http', transport, parent = tmpdir()] = process.argv.slice(2);
const isTls = transport === 'tls';
const server = isTls
  ? createTlsServer({ cert: certificate, key: privateKey }, listener(kind))
  : createServer(listener(kind));
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ url: `${isTls ? 'https' : 'http'}://127.0.0.1:${port}/` }));
});
