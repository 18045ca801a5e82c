// The requests of the OpenTSDB HTTP sink, and its errors for every kind of answer.

import test from 'ava';
import { type AddressInfo, createServer } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { allAccepted } from '../../../../src/model/sink.ts';
import type { NoVerdict } from '../../../../src/sinks/no-verdict.ts';
import { points } from '../../../fakes/points.ts';
import { answerLost, answers, closed, hang, held, raw, refuses, resetAfter, type Fault } from '../../../fakes/tsd.ts';
import { asLine, forever, point, testSink } from '../../contract.ts';
import { httpFixture } from './http-fixture.ts';

testSink('opentsdb http', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  return {
    sink,
    received: async () => tsd.points().map(asLine),
    sentBytes: async () => Buffer.concat(tsd.requests.map(({ body }) => body)),
    stopReceiver: () => tsd.close(),
    hangReceiver: () => tsd.always(hang),
  };
});

test('opentsdb http puts with sync and details, gzipped, with a length and without chunks', async (t) => {
  const { tsd, sink } = await httpFixture(t, { sink: { headers: { 'x-scope': 'noc' } } });
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

test('opentsdb http takes user, password and path prefix from the URL, and shows neither user nor password', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const withUser = await httpFixture(t, { sink: { urls: [`${tsd.url.replace('//', '//me:s%2Fcret@')}/tsdb/`] } });
  const error = await t.throwsAsync(withUser.sink.write(points(1), forever));
  t.is(tsd.requests[0]?.headers.authorization, `Basic ${Buffer.from('me:s/cret').toString('base64')}`);
  t.is(tsd.requests[0]?.path, '/tsdb/api/put?sync&sync_timeout=10000&details');
  t.regex(error?.message ?? '', /^http:\/\/127\.0\.0\.1:\d+\/tsdb: answered 404: .*Endpoint not found/);
  t.notRegex(error?.message ?? '', /cret/);
  t.is(withUser.sink.status().url, `${tsd.url}/tsdb`);
  t.is(sink.status().lastError, undefined);
});

test('opentsdb http has 64 requests in flight, each on its own connection', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const { fault, release } = held();
  tsd.always(fault);
  const writes = Array.from({ length: 64 }, (_, index) => sink.write(points(1, index + 1), forever));
  await tsd.untilRequests(64);
  t.is(tsd.counts.connections, 64);
  release();
  await Promise.all(writes);
  t.is(tsd.counts.accepted, 64);
});

for (const [title, fault, message] of [
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
  ['a reset within the body', resetAfter(10), /connection closed without a reply/],
  ['a truncated answer', raw('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"succ'), /answer broke off after 6 bytes/],
  ['an answer that is not HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), /Parse Error/],
] as readonly (readonly [string, Fault, RegExp])[]) {
  test(`opentsdb http throws and describes the answer: ${title}`, async (t) => {
    const { tsd, sink } = await httpFixture(t);
    tsd.always(fault);
    const error = await t.throwsAsync(sink.write(points(3), forever), { message });
    t.true((error?.message.length ?? 0) < 450);
    t.is(sink.status().lastError, error?.message);
    t.is(tsd.counts.accepted, 0);
    tsd.always(undefined);
    t.deepEqual(await sink.write(points(3), forever), allAccepted);
  });
}

for (const [status, header, ms] of [
  [429, '7', 7_000],
  [503, 'Wed, 18 Nov 2026 10:00:30 GMT', 30_000],
  [503, '999999', 3_600_000],
  [503, 'soon', undefined],
  [429, undefined, undefined],
] as const) {
  test(`opentsdb http throws the pause of a ${status} with Retry-After ${header}`, async (t) => {
    const { tsd, sink } = await httpFixture(t);
    tsd.always(answers(status, 'slow down', header === undefined ? {} : { 'Retry-After': header }));
    const error = await t.throwsAsync<NoVerdict>(sink.write(points(1), forever));
    t.is(error?.retryAfterMs, ms);
  });
}

test('opentsdb http quotes at most 300 characters of an answer', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(answers(500, 'x'.repeat(3_000_000)));
  const error = await t.throwsAsync(sink.write(points(1), forever));
  t.is(error?.message.replace(/[^x]/g, '').length, 300);
});

test('opentsdb http times out after 15 seconds', async (t) => {
  const { tsd, sink, clock } = await httpFixture(t);
  tsd.play(hang);
  const writing = t.throwsAsync(sink.write(points(1), forever), { message: /no answer within 15 s/ });
  await tsd.untilRequests(1);
  await clock.advance(15_000);
  await writing;
  t.deepEqual(await sink.write(points(1), forever), allAccepted);
});

test('opentsdb http sends the same points again after a lost answer', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.play(answerLost);
  await t.throwsAsync(sink.write(points(2), forever));
  await sink.write(points(2), forever);
  t.deepEqual(tsd.points().map(asLine), [...points(2), ...points(2)].map(asLine));
});

test('opentsdb http replaces an idle connection that was closed', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  await sink.write(points(1), forever);
  tsd.play(closed);
  t.deepEqual(await sink.write(points(1, 2), forever), allAccepted);
  t.is(tsd.counts.connections, 2);
});

test('opentsdb http accepts all points on a 204', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(async () => ({ status: 204 }));
  t.deepEqual(await sink.write(points(5), forever), allAccepted);
});

test('opentsdb http does not open with an invalid URL', (t) => {
  const open = (url: string) => httpFixture(t, { sink: { urls: [url] } });
  return Promise.all([
    t.throwsAsync(open('tsdb:4242'), { message: /http:\/\/ or https:\/\// }),
    t.throwsAsync(open('no url'), { message: /a URL such as/ }),
  ]);
});

test('opentsdb http throws the reason why it cannot connect', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { sink } = await httpFixture(t, { sink: { urls: [`http://127.0.0.1:${port}`] } });
  await t.throwsAsync(sink.write(points(1), forever), {
    message: `http://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

test('opentsdb http counts accepted, rejected and kept points', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.store(({ metric }) => (metric.endsWith('2') ? { failed: 'Storage exception: Call queue is full' } : 'stored'));
  await sink.write([...points(3), { ...point(), value: 'NaN' }], forever);
  t.like(sink.status(), { accepted: 2, rejected: 1, kept: 1, lastError: 'Storage exception: Call queue is full' });
});
