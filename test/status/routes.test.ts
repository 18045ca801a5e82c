// The HTTP routes of the status page.

import test from 'ava';
import { get, request } from 'node:http';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { eventStream } from '../../src/status/event-stream.ts';
import { sliceNames } from '../../src/status/messages.ts';
import { placedOnMap } from '../../src/status/map-projection.ts';
import { isTrustedHost } from '../../src/status/page-routes.ts';
import { dimensions } from '../../src/sources/catchpoint/slices.ts';
import { openBridge } from './browser.ts';

const html = readFileSync(new URL('../../../src/status/page/page.html', import.meta.url), 'utf8');

test('the page has a strict content security policy, and its files are cached permanently', async (t) => {
  const { daemon } = await openBridge(t);
  const page = await fetch(daemon.adminUrl);
  t.is(page.status, 200);
  t.is(
    page.headers.get('content-security-policy'),
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  const text = await page.text();
  t.notRegex(text, /<script>|<style|style="|\son\w+="|https?:/);
  const files = [...text.matchAll(/(?:href|src)="(status\/[^"]+)"/g)].map(([, path]) => path);
  t.is(files.length, 5);
  for (const file of files) {
    const answer = await fetch(`${daemon.adminUrl}/${file}`);
    t.deepEqual(
      [answer.status, answer.headers.get('cache-control')],
      [200, 'public, max-age=31536000, immutable'],
      file,
    );
    t.is(answer.headers.get('x-content-type-options'), 'nosniff');
    await answer.arrayBuffer();
  }
  for (const wrong of ['/status/files/other/page.js', `/${files[0]?.replace(/[^/]+$/, '..%2Fpage.html')}`])
    t.is((await fetch(daemon.adminUrl + wrong)).status, 404, wrong);
});

test('on loopback a host name other than localhost is answered 421', async (t) => {
  const { daemon } = await openBridge(t);
  const statusFor = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      request(`${daemon.adminUrl}/status/tests`, { headers: { host }, agent: false }, (response) =>
        resolve(response.resume().statusCode),
      )
        .once('error', reject)
        .end();
    });
  t.is(await statusFor('rebound.example:8081'), 421);
  t.is(await statusFor('localhost:8081'), 200);
  t.true(isTrustedHost('bridge.example:8081', '192.0.2.7'));
  t.true(isTrustedHost('[::1]:8081', '::1'));
  t.false(isTrustedHost('127.0.0.1.rebound.example', '::ffff:127.0.0.1'));
});

test('an invalid query of the map is answered with the parameter and its value', async (t) => {
  const { daemon } = await openBridge(t);
  const answers = await Promise.all(
    ['by=planet', 'test=x', 'minutes=61'].map(async (search) =>
      (await fetch(`${daemon.adminUrl}/status/map?${search}`)).json(),
    ),
  );
  t.deepEqual(answers, [
    { error: 'by: expected one of node, asn, continent, city, country, region, isp, found "planet"' },
    { error: 'test: expected an integer from 1 to 9007199254740991, found "x"' },
    { error: 'minutes: expected an integer from 1 to 60, found "61"' },
  ]);
});

test('unchanged nodes are answered 304', async (t) => {
  const { daemon } = await openBridge(t);
  const first = await fetch(`${daemon.adminUrl}/status/nodes`);
  const nodes = (await first.json()) as { id: number; x?: number }[];
  t.deepEqual(
    nodes.map(({ id, x }) => [id, x !== undefined]),
    [
      [11, true],
      [12, true],
      [13, true],
      [14, true],
      [15, false],
    ],
  );
  const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
  const again = await new Promise((resolve, reject) => {
    get(`${daemon.adminUrl}/status/nodes`, { headers, agent: false }, (response) =>
      resolve(response.resume().statusCode),
    ).once('error', reject);
  });
  t.is(again, 304);
});

test('the page offers the seven dimensions of the Catchpoint source', (t) => {
  t.deepEqual([...sliceNames], [...dimensions]);
  const offered = /<select id="by">(.*?)<\/select>/s.exec(html)?.[1] ?? '';
  t.deepEqual(
    [...offered.matchAll(/value="(\w+)"/g)].map(([, name]) => name),
    [...sliceNames],
  );
});

test('nodes at one place are spread around it', (t) => {
  const placed = placedOnMap(
    Array.from({ length: 30 }, (_, nth) => ({ id: nth + 1, latitude: 50.11, longitude: 8.68 })),
  );
  const places = new Set(placed.map(({ x, y }) => `${x} ${y}`));
  t.is(places.size, 30);
  t.true(placed.every(({ x = 0, y = 0 }) => Math.hypot(x - (placed[0]?.x ?? 0), y - (placed[0]?.y ?? 0)) < 15));
});

test('the event stream has at most 32 clients', async (t) => {
  const { daemon } = await openBridge(t);
  const statuses = await Promise.all(
    Array.from(
      { length: 33 },
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          const streaming = get(`${daemon.adminUrl}/status/events`, { agent: false }, (response) =>
            resolve(response.resume().on('error', () => {}).statusCode),
          );
          streaming.once('error', reject);
          t.teardown(() => streaming.destroy());
        }),
    ),
  );
  t.deepEqual(
    statuses.filter((status) => status !== 200),
    [503],
  );
});

test('a client with a megabyte unread is closed, the others stay', (t) => {
  const clients = eventStream();
  const [slow, fast] = [client(2 ** 21), client(0)];
  t.true(clients.add(slow, 'event: hour\n\n'));
  t.true(clients.add(fast, 'event: hour\n\n'));
  t.is(clients.count(), 1);
  clients.send('event: now\n\n');
  t.true(slow.destroyed);
  t.false(fast.destroyed);
  clients.close();
  t.is(clients.count(), 0);
});

function client(unreadBytes: number): ServerResponse {
  const stream = Object.assign(new PassThrough(), { writeHead: () => stream });
  Object.defineProperty(stream, 'writableLength', { get: () => unreadBytes });
  return stream.resume() as unknown as ServerResponse;
}

test('the bridge stops at once although a client is connected', async (t) => {
  const { daemon } = await openBridge(t);
  const socket = connect(Number(new URL(daemon.adminUrl).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  await new Promise((resolve) => socket.write('GET /status/events HTTP/1.1\r\nHost: localhost\r\n\r\n', resolve));
  await new Promise((resolve) => socket.once('data', resolve));
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await daemon.stop();
  await ended;
  t.pass();
});
