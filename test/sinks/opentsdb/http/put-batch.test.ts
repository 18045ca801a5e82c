// The OpenTSDB HTTP sink writes a batch from its deliveries: with the same bytes and the same verdict as its points, and
// without expanding them while all are accepted.

import test, { type ExecutionContext } from 'ava';
import { gunzipSync } from 'node:zlib';
import { expanded } from '../../../../src/model/factored-points.ts';
import type { DataPoint, Points } from '../../../../src/model/point.ts';
import { allAccepted, type Verdict } from '../../../../src/model/sink.ts';
import { batchOf, runs } from '../../../fakes/batches.ts';
import { points } from '../../../fakes/points.ts';
import { answers, closed, type FakeTsd, hang, held, refuses, type Fault } from '../../../fakes/tsd.ts';
import { asLine, forever, point, testSink } from '../../contract.ts';
import { httpFixture, type HttpFixtureOptions } from './http-fixture.ts';

type HttpSink = Awaited<ReturnType<typeof httpFixture>>['sink'];

function writeBatch({ writeBatch }: HttpSink, deliveries: readonly Points[], options = forever): Promise<Verdict> {
  return (writeBatch as NonNullable<HttpSink['writeBatch']>)(batchOf(...deliveries), options);
}

testSink('opentsdb http, by batches', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  return {
    sink: { ...sink, write: (batch, options) => writeBatch(sink, [batch], options) },
    received: async () => tsd.points().map(asLine),
    sentBytes: async () => Buffer.concat(tsd.requests.map(({ body }) => body)),
    stopReceiver: () => tsd.close(),
    hangReceiver: () => tsd.always(hang),
  };
});

const bodies = ({ requests }: FakeTsd): string[] => requests.map(({ body }) => gunzipSync(body).toString());

test('opentsdb http sends the same bytes as for the points, without expanding them', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const batch = batchOf(...runs(8), points(2));
  t.deepEqual(await sink.writeBatch?.(batch, forever), allAccepted);
  t.is(batch.expansions(), 0);
  t.is(sink.status().accepted, batch.pointCount);
  const other = await httpFixture(t);
  await other.sink.write(batch.points, forever);
  t.deepEqual(bodies(tsd), bodies(other.tsd));
  const [{ method, path, headers }] = tsd.requests as [(typeof tsd.requests)[number]];
  t.is(`${method} ${path}`, 'POST /api/put?sync&sync_timeout=10000&details');
  t.like(headers, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
});

for (const [title, answer] of [
  ['a 204', answers(204)],
  [
    'a 200 without a list of errors',
    answers(200, JSON.stringify({ success: batchOf(...runs(4)).pointCount, failed: 0 })),
  ],
] as const) {
  test(`opentsdb http accepts all points on ${title}, without expanding them`, async (t) => {
    const { tsd, sink } = await httpFixture(t);
    tsd.play(answer);
    const batch = batchOf(...runs(4));
    t.deepEqual(await sink.writeBatch?.(batch, forever), allAccepted);
    t.is(batch.expansions(), 0);
    t.is(tsd.requests.length, 1);
  });
}

const deliveries = runs(40);
const all = deliveries.flatMap(expanded);

/** Refuses every body with one of two points, as Jackson does. */
const chokes: Fault = async (exchange, answer) => {
  const text = gunzipSync(await exchange.body()).toString();
  const isRefused = [all[3], all[30]].some((bad) => text.includes(`"${bad?.metric}","timestamp":${bad?.timestamp}`));
  return isRefused ? refuses('Unable to parse the given JSON')(exchange, answer) : answer();
};
const tooLarge: Fault = async (exchange, answer) =>
  (await exchange.body()).length > 250 ? answers(413)(exchange, answer) : answer();
const timeout = answers(200, JSON.stringify({ success: 0, failed: 0, timeouts: all.length, errors: [] }));
const wrongCounts = answers(200, JSON.stringify({ success: 2, failed: 0, errors: [] }));

interface Scenario {
  readonly script?: (tsd: FakeTsd) => void;
  readonly options?: HttpFixtureOptions;
}

for (const [title, scenario] of [
  [
    'names some points',
    {
      script: (tsd) =>
        tsd.store(({ metric }) => (metric.includes('by_asn') ? { failed: 'Please throttle' } : 'stored')),
    },
  ],
  [
    'names invalid points',
    {
      script: (tsd) =>
        tsd.store(({ value }) => (value === '3.5' ? { failed: 'Unable to parse value to a number' } : 'stored')),
    },
  ],
  ['reports a timeout', { script: (tsd) => tsd.play(timeout) }],
  ['has wrong counts', { script: (tsd) => tsd.play(wrongCounts) }],
  ['refuses the body because of two points', { script: (tsd) => tsd.always(chokes) }],
  ['is 413', { script: (tsd) => tsd.play(answers(413)) }],
  ['is a closed connection', { script: (tsd) => tsd.play(closed) }],
  ['is 413 above a size', { script: (tsd) => tsd.always(tooLarge) }],
  ['reports unknown names', { options: { tsd: { autoCreateMetrics: false } } }],
  ['is not requested since the body is too large', { options: { sink: { putMaxBytes: 300 } } }],
] as readonly (readonly [string, Scenario])[]) {
  test(`opentsdb http gives the verdict of the points in the same requests when the answer ${title}`, async (t) => {
    const byBatch = await outcomeOf(t, scenario, (sink) => writeBatch(sink, deliveries));
    const byPoints = await outcomeOf(t, scenario, (sink) => sink.write(all, forever));
    t.true(byBatch.requests.length > 1 || byBatch.verdict.kept.length + byBatch.verdict.rejected.length > 0);
    t.deepEqual(byBatch, byPoints);
  });
}

async function outcomeOf(
  t: ExecutionContext,
  { script, options }: Scenario,
  write: (sink: HttpSink) => Promise<Verdict>,
) {
  const { tsd, sink } = await httpFixture(t, options);
  script?.(tsd);
  const verdict = await write(sink);
  const { url: _, ...status } = sink.status();
  const requests = tsd.requests.map(({ path, body }) => {
    const isGzipped = body.toString('latin1').startsWith('\x1f\x8b');
    return [path, isGzipped ? gunzipSync(body).toString() : String(body)];
  });
  return { verdict, status, received: tsd.points(), requests };
}

for (const [title, odd] of [
  ['illegal', { value: 'NaN' }],
  ['without tags', { tags: {} }],
  ['annotated', { annotation: { startMs: 1794994452001, description: 'event', custom: {} } }],
] as readonly (readonly [string, Partial<DataPoint>])[]) {
  test(`opentsdb http writes a batch point by point when a point is ${title}`, async (t) => {
    const other = { ...point(), ...odd };
    const byBatch = await outcomeOf(t, {}, (sink) => writeBatch(sink, [...deliveries, [other]]));
    const byPoints = await outcomeOf(t, {}, (sink) => sink.write([...all, other], forever));
    t.deepEqual(byBatch, byPoints);
    t.is(byBatch.received.length, all.length + (title === 'illegal' ? 0 : 1));
  });
}

test('opentsdb http throws when a batch is not answered', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(answers(503, 'starting'));
  await t.throwsAsync(writeBatch(sink, deliveries), { message: /answered 503: "starting"$/ });
  t.regex(sink.status().lastError ?? '', /answered 503/);
  t.is(sink.status().accepted, 0);
});

test('opentsdb http fails over to the next host with a batch', async (t) => {
  const first = await httpFixture(t);
  const second = await httpFixture(t);
  const { sink } = await httpFixture(t, { sink: { urls: [first.tsd.url, second.tsd.url] } });
  first.tsd.always(answers(503));
  t.deepEqual(await writeBatch(sink, deliveries), allAccepted);
  t.is(second.tsd.counts.accepted, all.length);
});

test('opentsdb http sends a batch on a new connection when the idle one was closed', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  await writeBatch(sink, deliveries);
  tsd.play(closed);
  t.deepEqual(await writeBatch(sink, deliveries), allAccepted);
  t.is(tsd.counts.connections, 2);
});

test('opentsdb http times out each batch 15 seconds after its own start', async (t) => {
  const { tsd, sink, clock } = await httpFixture(t);
  tsd.always(hang);
  let timeouts = 0;
  const untilTimeout = () =>
    t.throwsAsync(writeBatch(sink, deliveries), { message: /no answer within 15 s/ }).finally(() => (timeouts += 1));
  const first = untilTimeout();
  await tsd.untilRequests(1);
  await clock.advance(10_000);
  const second = untilTimeout();
  await tsd.untilRequests(2);
  await clock.advance(5_000);
  await first;
  await clock.advance(9_999);
  t.is(timeouts, 1);
  await clock.advance(1);
  await second;
});

test('opentsdb http cancels a batch when the signal aborts, and when the sink closes', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(held().fault);
  const stop = new AbortController();
  const first = writeBatch(sink, deliveries, { signal: stop.signal });
  const second = writeBatch(sink, deliveries);
  await tsd.untilRequests(2);
  stop.abort(new Error('the end'));
  await t.throwsAsync(first, { message: 'the end' });
  await sink.close();
  await t.throwsAsync(second, { message: 'the sink is closed' });
  await t.throwsAsync(writeBatch(sink, deliveries), { message: 'the sink is closed' });
});
