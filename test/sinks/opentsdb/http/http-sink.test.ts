// What the OpenTSDB sink by HTTP sends, and how it reads every kind of answer.

import test from 'ava';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { DataPoint } from '../../../../src/model/point.ts';
import type { NoVerdict } from '../../../../src/sinks/opentsdb/no-verdict.ts';
import { points } from '../../../fakes/points.ts';
import { answerLost, answers, closed, hang, held, raw, refuses, resetAfter, type Fault } from '../../../fakes/tsd.ts';
import { asLine, testSink } from '../../contract.ts';
import { forever, httpBench } from './sink-under-test.ts';

testSink('opentsdb http', async (t) => {
  const { tsd, sink } = await httpBench(t);
  return {
    sink,
    arrived: async () => tsd.points().map(asLine),
    sent: async () => Buffer.concat(tsd.requests.map(({ body }) => body)),
    vanish: () => tsd.close(),
    fallSilent: () => tsd.always(hang),
  };
});

test('opentsdb http asks for sync and details, in gzip with a length and without chunks', async (t) => {
  const { tsd, sink } = await httpBench(t, { sink: { headers: { 'x-scope': 'noc' } } });
  await sink.write(points(2), forever);
  const [{ method, path, headers, body }] = tsd.requests as [(typeof tsd.requests)[number]];
  t.is(`${method} ${path}`, 'POST /api/put?sync&sync_timeout=10000&details');
  t.like(headers, { 'content-encoding': 'gzip', 'content-length': String(body.length), 'x-scope': 'noc' });
  t.is(headers['transfer-encoding'], undefined);
  t.is(headers.expect, undefined);
  t.is(
    gunzipSync(body).toString(),
    '[{"metric":"catchpoint.rtt.by_node.1","timestamp":1794994452,"value":1.5,"tags":{"nodeid":"312","city":"Jinan"}},' +
      '{"metric":"catchpoint.rtt.by_node.2","timestamp":1794994452,"value":2.5,"tags":{"nodeid":"312","city":"Jinan"}}]',
  );
});

test('opentsdb http takes user, password and path prefix from the URL, and tells neither of the first two', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const withUser = await httpBench(t, { sink: { urls: [`${tsd.url.replace('//', '//me:s%2Fcret@')}/tsdb/`] } });
  const error = await t.throwsAsync(withUser.sink.write(points(1), forever));
  t.is(tsd.requests[0]?.headers.authorization, `Basic ${Buffer.from('me:s/cret').toString('base64')}`);
  t.is(tsd.requests[0]?.path, '/tsdb/api/put?sync&sync_timeout=10000&details');
  t.regex(error?.message ?? '', /^http:\/\/127\.0\.0\.1:\d+\/tsdb: answered 404: .*Endpoint not found/);
  t.notRegex(error?.message ?? '', /cret/);
  t.is(withUser.sink.status().url, `${tsd.url}/tsdb`);
  t.is(sink.status().lastError, undefined);
});

test('opentsdb http keeps 64 requests in flight, one a connection', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const { fault, release } = held();
  tsd.always(fault);
  const writes = Array.from({ length: 64 }, (_, index) => sink.write(points(1, index + 1), forever));
  await tsd.untilRequests(64);
  t.is(tsd.counts.connections, 64);
  release();
  await Promise.all(writes);
  t.is(tsd.counts.accepted, 64);
});

for (const [seen, fault, message] of [
  ['401', answers(401, 'who are you?'), /answered 401: "who are you\?"/],
  ['403', refuses('Forbidden', 403), /answered 403/],
  ['404', answers(404, '{"error":{"code":404,"message":"Endpoint not found"}}'), /answered 404.*Endpoint not found/],
  ['500', refuses('Internal Server Error', 500), /answered 500/],
  ['502 in HTML', answers(502, '<html>Bad Gateway</html>'), /answered 502: "<html>Bad Gateway/],
  ['200 in HTML', answers(200, '<html>Sign in</html>'), /answered 200: "<html>Sign in/],
  ['200 without a body', answers(200), /answered 200: ""/],
  ['200 with JSON of something else', answers(200, '{"ok":true}'), /answered 200/],
  ['200 with an error object, as for a foreign Origin', refuses('CORS domain not allowed', 200), /answered 200/],
  ['200 with broken JSON', answers(200, '{"success":'), /answered 200: "\{\\"success\\":"/],
  ['400 in text', answers(400, 'json array decode error'), /answered 400: "json array decode error"/],
  ['400 in HTML', answers(400, '<html>Bad Request</html>'), /answered 400/],
  ['a redirect', answers(302, '', { Location: 'http://elsewhere.example/' }), /answered 302/],
  ['a closed connection', closed, /connection closed without a reply/],
  ['a reset in the middle of the body', resetAfter(10), /connection closed without a reply/],
  [
    'an answer that breaks off',
    raw('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"succ'),
    /answer broke off after 6 bytes/,
  ],
  ['something that is not HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), /Parse Error/],
] as readonly (readonly [string, Fault, RegExp])[]) {
  test(`opentsdb http throws and says what it saw: ${seen}`, async (t) => {
    const { tsd, sink } = await httpBench(t);
    tsd.always(fault);
    const error = await t.throwsAsync(sink.write(points(3), forever), { message });
    t.true((error?.message.length ?? 0) < 450);
    t.is(sink.status().lastError, error?.message);
    t.is(tsd.counts.accepted, 0);
    tsd.always(undefined);
    t.deepEqual(await sink.write(points(3), forever), { rejected: [], kept: [] });
  });
}

for (const [status, header, ms] of [
  [429, '7', 7_000],
  [503, 'Wed, 18 Nov 2026 10:00:30 GMT', 30_000],
  [503, '999999', 3_600_000],
  [503, 'soon', undefined],
  [429, undefined, undefined],
] as const) {
  test(`opentsdb http hands on the pause of a ${status} with Retry-After ${header}`, async (t) => {
    const { tsd, sink } = await httpBench(t);
    tsd.always(answers(status, 'slow down', header === undefined ? {} : { 'Retry-After': header }));
    const error = await t.throwsAsync<NoVerdict>(sink.write(points(1), forever));
    t.is(error?.retryAfterMs, ms);
  });
}

test('opentsdb http quotes no more than 300 bytes of an answer', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.always(answers(500, 'x'.repeat(3_000_000)));
  const error = await t.throwsAsync(sink.write(points(1), forever));
  t.is(error?.message.replace(/[^x]/g, '').length, 300);
});

test('opentsdb http gives up on an answer after 15 seconds', async (t) => {
  const { tsd, sink, clock } = await httpBench(t);
  tsd.play(hang);
  const writing = t.throwsAsync(sink.write(points(1), forever), { message: /no answer within 15 s/ });
  await tsd.untilRequests(1);
  await clock.advance(15_000);
  await writing;
  t.deepEqual(await sink.write(points(1), forever), { rejected: [], kept: [] });
});

test('opentsdb http writes again after an answer was lost, and the points are there twice in the same form', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.play(answerLost);
  await t.throwsAsync(sink.write(points(2), forever));
  await sink.write(points(2), forever);
  t.deepEqual(tsd.points().map(asLine), [...points(2), ...points(2)].map(asLine));
});

test('opentsdb http replaces a connection that was closed while idle', async (t) => {
  const { tsd, sink } = await httpBench(t);
  await sink.write(points(1), forever);
  tsd.play(closed);
  t.deepEqual(await sink.write(points(1, 2), forever), { rejected: [], kept: [] });
  t.is(tsd.counts.connections, 2);
});

test('opentsdb http takes a receiver that says 204 to everything at its word', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.always(async () => ({ status: 204 }));
  t.deepEqual(await sink.write(points(5), forever), { rejected: [], kept: [] });
});

test('opentsdb http opens with a URL that can be used only', (t) => {
  const open = (url: string) => httpBench(t, { sink: { urls: [url] } });
  return Promise.all([
    t.throwsAsync(open('tsdb:4242'), { message: /http:\/\/ or https:\/\// }),
    t.throwsAsync(open('no url'), { message: /a URL such as/ }),
  ]);
});

test('opentsdb http says why it cannot connect', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { sink } = await httpBench(t, { sink: { urls: [`http://127.0.0.1:${port}`] } });
  await t.throwsAsync(sink.write(points(1), forever), {
    message: `http://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

test('opentsdb http tells its counts', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.store(({ metric }) => (metric.endsWith('2') ? { failed: 'Storage exception: Call queue is full' } : 'stored'));
  await sink.write([...points(3), { ...(points(1)[0] as DataPoint), value: 'NaN' }], forever);
  t.like(sink.status(), { accepted: 2, rejected: 1, kept: 1, lastError: 'Storage exception: Call queue is full' });
});
