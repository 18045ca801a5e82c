// The limits of the push listener: each has its own answer, and no sender can block the others.

import test from 'ava';
import { bodyMemoryLimit } from '../../../src/auth/limits/body-memory-limit.ts';
import { deferred } from '../../../src/runtime/deferred.ts';
import { bare, guarded } from '../../fakes/guarded.ts';
import { until } from '../../fakes/until.ts';

const head = (length: number, more = ''): string =>
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${more}\r\n`;
const whole = `${head(2)}{}`;
const from = (address: string): string => `X-Forwarded-For: ${address}\r\n`;

test('headers over 16 KiB are answered 431, anything but HTTP 400', async (t) => {
  const one = await guarded(t);
  const wide = await (await bare(one, `POST / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`)).heard;
  t.regex(wide, /^HTTP\/1\.1 431 [^]*Connection: close\r\n\r\n\{"error":"headers: at most 16 KiB"\}$/);
  const many = await (await bare(one, `POST / HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(20_000)}\r\n`)).heard;
  t.regex(many, /^HTTP\/1\.1 431 /);
  for (const garbage of [
    '\x16\x03\x01\x02\x00\x01\x00',
    'hello\r\n\r\n',
    `${head(2, 'Transfer-Encoding: chunked\r\n')}{}`,
  ]) {
    t.regex(await (await bare(one, garbage)).heard, /^HTTP\/1\.1 400 /, JSON.stringify(garbage));
  }
  t.like(one.access.status().connections, { headersTooLarge: 2, notHttp: 3 });
});

test('connections over the limit per address are reset, the others stay open', async (t) => {
  const one = await guarded(t, { limits: { maxConnectionsPerAddress: 2 } });
  const first = await bare(one);
  const second = await bare(one);
  await until(() => one.access.status().connections.open === 2);
  t.is(await (await bare(one, whole)).heard, '');
  t.like(one.access.status().connections, { open: 2, overAddress: 1 });
  first.socket.write(whole);
  await first.hears(/ 200 OK/);
  second.socket.destroy();
  await until(() => one.access.status().connections.open === 1);
  const third = await bare(one, whole);
  await third.hears(/ 200 OK/);
  third.socket.destroy();
});

test('a trusted proxy has no limit of connections per address', async (t) => {
  const one = await guarded(t, { limits: { maxConnectionsPerAddress: 1 }, trustedProxies: ['127.0.0.0/8'] });
  const connections = await Promise.all([bare(one, whole), bare(one, whole), bare(one, whole)]);
  await Promise.all(connections.map(({ hears }) => hears(/ 200 OK/)));
  t.is(one.access.status().connections.overAddress, 0);
  for (const { socket } of connections) socket.destroy();
});

test('over the limit of all connections the oldest idle one is closed, never one with a request in flight', async (t) => {
  const working = deferred<void>();
  const one = await guarded(t, {
    limits: { maxConnections: 3 },
    take: async (body) => {
      if (body.length === 3) await working.promise;
    },
  });
  const counts = () => one.access.status().connections;
  const atWork = await bare(one, `${head(3)}{ }`);
  await until(() => one.access.status().requests.inHand === 1);
  const silent = await bare(one);
  await until(() => counts().open === 2);
  const slow = await bare(one, `${head(9)}{`);
  await until(() => counts().open === 3 && one.access.status().requests.inHand === 2);

  const fresh = await bare(one, whole);
  await fresh.hears(/ 200 OK/);
  t.is(await silent.heard, '');
  const fresher = await bare(one, whole);
  await fresher.hears(/ 200 OK/);
  t.is(await slow.heard, '');
  t.like(counts(), { open: 3, cut: 2, overAll: 0 });
  working.resolve();
  await atWork.hears(/ 200 OK/);
  for (const { socket } of [atWork, fresh, fresher]) socket.destroy();
});

test('a new connection is reset when all others have a request in flight', async (t) => {
  const working = deferred<void>();
  const one = await guarded(t, { limits: { maxConnections: 1 }, take: () => working.promise });
  const atWork = await bare(one, whole);
  await until(() => one.access.status().requests.inHand === 1);
  t.is(await (await bare(one, whole)).heard, '');
  t.is(one.access.status().connections.overAll, 1);
  working.resolve();
  await atWork.hears(/HTTP/);
  atWork.socket.destroy();
});

test('one sender over its share is answered 429, other senders are accepted', async (t) => {
  const working = deferred<void>();
  const one = await guarded(t, {
    limits: { maxRequests: 8 },
    trustedProxies: ['127.0.0.1'],
    take: async (body) => {
      if (body.length === 3) await working.promise;
    },
  });
  const greedy = await bare(one, `${head(3, from('192.0.2.7'))}{ }`.repeat(2));
  await until(() => one.access.status().requests.inHand === 2);
  const more = await bare(one, `${head(2, from('192.0.2.7'))}{}`);
  t.regex(await more.hears(/"\}/), /^HTTP\/1\.1 429 [^]*Retry-After: 1\r\n/);
  const another = await bare(one, `${head(2, from('192.0.2.8'))}{}`);
  await another.hears(/ 200 OK/);
  working.resolve();
  await greedy.hears(/ 200 OK[^]* 200 OK/);
  t.like(one.access.status().requests, { inHand: 0, overSender: 1, overAll: 0 });
  for (const { socket } of [greedy, more, another]) socket.destroy();
});

test('requests over the limit of all are answered 503; requests whose bodies are incomplete do not count', async (t) => {
  const working = deferred<void>();
  let taken = 0;
  const one = await guarded(t, {
    limits: { maxRequests: 2 },
    trustedProxies: ['127.0.0.1'],
    take: async () => {
      taken += 1;
      if (taken > 1) await working.promise;
    },
  });
  const slow = await Promise.all(['1', '2', '3'].map((last) => bare(one, `${head(9, from(`192.0.2.${last}`))}{`)));
  await until(() => one.access.status().requests.inHand === 3);
  const first = await bare(one, `${head(2, from('192.0.2.11'))}{}`);
  await first.hears(/ 200 OK/);
  const second = await bare(one, `${head(2, from('192.0.2.12'))}{}`);
  const third = await bare(one, `${head(2, from('192.0.2.13'))}{}`);
  await until(() => taken === 3);
  const over = await bare(one, `${head(2, from('192.0.2.14'))}{}`);
  t.regex(await over.hears(/"\}/), /^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/);
  t.is(one.access.status().requests.overAll, 1);
  working.resolve();
  await Promise.all([second, third].map(({ hears }) => hears(/ 200 OK/)));
  for (const { socket } of [...slow, first, second, third, over]) socket.destroy();
});

test('when bodies exceed their memory the oldest is answered 503, and a new one is accepted', async (t) => {
  const one = await guarded(t, { limits: { maxArrivingBytes: 250_000 } });
  const part = '1'.repeat(100_000);
  const held = (): number => one.access.status().bodies.heldBytes;
  const oldest = await bare(one, `${head(200_000)}${part}`);
  await until(() => held() === 100_000);
  const older = await bare(one, `${head(200_000)}${part}`);
  await until(() => held() === 200_000);
  const fresh = await bare(one, `${head(100_000)}${part}`);
  await fresh.hears(/ 200 OK/);
  t.regex(await oldest.heard, /^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n[^]*too many are arriving/);
  t.like(one.access.status().bodies, { heldBytes: 100_000, givenUp: 1 });
  older.socket.write(part);
  await older.hears(/ 200 OK/);
  t.is(held(), 0);
  const aborted = await bare(one, `${head(200_000)}${part}`);
  await until(() => held() === 100_000);
  aborted.socket.destroy();
  await until(() => held() === 0);
  for (const { socket } of [fresh, older]) socket.destroy();
});

test('a body that alone exceeds the memory of all is evicted', (t) => {
  const memory = bodyMemoryLimit(() => 10);
  let times = 0;
  const body = memory.begin(() => void (times += 1));
  body.add(8);
  body.add(8);
  body.add(8);
  body.end();
  t.deepEqual([times, memory.counts], [1, { heldBytes: 0, givenUp: 1 }]);
});
