// Failover between OpenTSDB hosts, and the return to the first.

import test, { type ExecutionContext } from 'ava';
import { allAccepted } from '../../../../src/model/sink.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { tsdHost, tsdHosts } from '../../../../src/sinks/opentsdb/http/hosts.ts';
import { NoVerdict } from '../../../../src/sinks/no-verdict.ts';
import { points } from '../../../fakes/points.ts';
import { fakeTsd, answers } from '../../../fakes/tsd.ts';
import { movableClock } from '../../../fakes/time.ts';
import { forever } from '../../contract.ts';
import { httpFixture } from './http-fixture.ts';

async function twoHosts(t: ExecutionContext) {
  const [first, second] = [await fakeTsd(t), await fakeTsd(t)];
  return { first, second, ...(await httpFixture(t, { sink: { urls: [first.url, second.url] } })) };
}

test('opentsdb http fails over to the next host, stays there, and tries the first again after a minute', async (t) => {
  const { first, second, sink, clock } = await twoHosts(t);
  await sink.write(points(1), forever);
  first.always(answers(503, 'starting'));
  await sink.write(points(1), forever);
  first.always(undefined);
  await sink.write(points(1), forever);
  t.deepEqual([first.counts.accepted, second.counts.accepted], [1, 2]);
  t.is(sink.status().url, second.url);
  await clock.advance(60_000);
  await sink.write(points(1), forever);
  await sink.write(points(1), forever);
  t.deepEqual([first.counts.accepted, second.counts.accepted], [3, 2]);
});

test('opentsdb http tries the first host once a minute while it is down, without losing a point', async (t) => {
  const second = await fakeTsd(t);
  const first = await fakeTsd(t);
  first.always(answers(500, 'no'));
  const { sink, clock } = await httpFixture(t, { sink: { urls: [first.url, second.url] } });
  for (let minute = 0; minute < 3; minute += 1) {
    for (let round = 0; round < 5; round += 1) t.deepEqual(await sink.write(points(1), forever), allAccepted);
    await clock.advance(60_000);
  }
  t.is(first.requests.length, 3);
  t.is(second.counts.accepted, 15);
});

test('opentsdb http throws the messages of all hosts, and the shortest pause when all request one', async (t) => {
  const { first, second, sink } = await twoHosts(t);
  first.always(answers(429, 'slow', { 'Retry-After': '60' }));
  second.always(answers(503, 'down', { 'Retry-After': '5' }));
  const error = await t.throwsAsync<NoVerdict>(sink.write(points(1), forever), {
    message: `${first.url}: answered 429: "slow"; ${second.url}: answered 503: "down"`,
  });
  t.is(error?.retryAfterMs, 5_000);
  second.always(answers(503, 'down'));
  t.is((await t.throwsAsync<NoVerdict>(sink.write(points(1), forever)))?.retryAfterMs, undefined);
});

test('no other host is tried once the signal has aborted', async (t) => {
  const tried: string[] = [];
  const aborting = new AbortController();
  const hosts = tsdHosts({ urls: ['http://a:1', 'http://b:2'], clock: movableClock(), log: silentLog() });
  const request = hosts.tryInTurn(async ({ label }) => {
    tried.push(label);
    aborting.abort(new Error('enough'));
    throw new Error('no');
  }, aborting.signal);
  await t.throwsAsync(request, { message: 'enough' });
  t.deepEqual(tried, ['http://a:1']);
});

test('at least one host is required', (t) => {
  t.throws(() => tsdHosts({ urls: [], clock: movableClock(), log: silentLog() }), { message: /at least one URL/ });
});

for (const [url, host] of [
  [
    'http://tsdb.example',
    { label: 'http://tsdb.example', isTls: false, hostname: 'tsdb.example', port: 80, prefix: '' },
  ],
  [
    'https://tsdb.example/a/b/',
    { label: 'https://tsdb.example/a/b', isTls: true, hostname: 'tsdb.example', port: 443, prefix: '/a/b' },
  ],
  ['http://[::1]:4242', { label: 'http://[::1]:4242', isTls: false, hostname: '::1', port: 4242, prefix: '' }],
] as const) {
  test(`a host is parsed from ${url}`, (t) => t.deepEqual(tsdHost(url), { ...host, authorization: undefined }));
}

test('the error about a URL omits its password', (t) => {
  const error = t.throws(() => tsdHost('ftp://me:secret@tsdb.example'));
  t.regex(error?.message ?? '', /found ftp:\/\/tsdb\.example$/);
});
