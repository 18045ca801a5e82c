// Bodies are read and decompressed within their limit.

import test, { type ExecutionContext } from 'ava';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { readBody } from '../../src/http/request-body.ts';

const maxBytes = 1000;

/** Sends a body to a server that reads it; resolves with the body, or with the status and the error. */
async function sent(
  t: ExecutionContext,
  body: Buffer | string,
  headers: Record<string, string> = {},
  { cut = false } = {},
) {
  return new Promise<string>((resolve) => {
    const server = createServer((incoming, answer) => {
      readBody(incoming, maxBytes).then(
        (read) => resolve(read.toString()),
        (error: Error & { status: number }) => resolve(`${error.status} ${error.message}`),
      );
      incoming.once('close', () => answer.end());
    });
    t.teardown(() => server.close());
    t.teardown(() => server.closeAllConnections());
    server.listen(0, '127.0.0.1', () => {
      const outgoing = request({ port: (server.address() as AddressInfo).port, method: 'POST', headers });
      outgoing.on('error', () => {});
      if (cut) outgoing.write(body, () => outgoing.destroy());
      else outgoing.end(body);
    });
  });
}

test('a body is read whole, in one piece or in chunks', async (t) => {
  t.is(await sent(t, 'abc'), 'abc');
  t.is(await sent(t, 'abc', { 'transfer-encoding': 'chunked' }), 'abc');
  t.is(await sent(t, ''), '');
});

test('a body over the limit is refused, declared or not', async (t) => {
  t.is(await sent(t, 'x'.repeat(1001)), '413 body: at most 1000 bytes, found 1001 bytes declared');
  t.is(
    await sent(t, 'x'.repeat(1001), { 'transfer-encoding': 'chunked' }),
    '413 body: at most 1000 bytes, found more than 1000 bytes sent',
  );
});

test('a compressed body is read, and a decompression bomb is refused', async (t) => {
  t.is(await sent(t, gzipSync('abc'), { 'content-encoding': 'gzip' }), 'abc');
  t.is(await sent(t, deflateSync('abc'), { 'content-encoding': 'deflate' }), 'abc');
  t.is(await sent(t, brotliCompressSync('abc'), { 'content-encoding': 'br' }), 'abc');
  t.is(
    await sent(t, gzipSync('x'.repeat(1e5)), { 'content-encoding': 'gzip' }),
    '413 body: at most 1000 bytes, found more when decompressed',
  );
});

test('the error names an unknown encoding, and an encoding that does not match the body', async (t) => {
  t.is(
    await sent(t, 'abc', { 'content-encoding': 'zip' }),
    '415 Content-Encoding: expected gzip, deflate or br, found "zip"',
  );
  t.regex(await sent(t, 'abc', { 'content-encoding': 'gzip' }), /^400 body: not gzip as Content-Encoding says/);
});

test('a body that ends early is refused', async (t) => {
  t.is(
    await sent(t, 'abc', { 'content-length': '10' }, { cut: true }),
    '400 body: ended after 3 bytes, before it was complete',
  );
});
