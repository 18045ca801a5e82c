// The OpenTSDB sink by HTTP writes a batch as it was delivered: the same bytes and the same verdict as for its points, which are not
// made as long as all of them are taken.

import test, { type ExecutionContext } from 'ava';
import { gunzipSync } from 'node:zlib';
import { expanded } from '../../../../src/model/factored-points.ts';
import type { DataPoint, Points } from '../../../../src/model/point.ts';
import type { Verdict } from '../../../../src/model/sink.ts';
import { batchOf, runs } from '../../../fakes/batches.ts';
import { points } from '../../../fakes/points.ts';
import { answers, closed, type FakeTsd, hang, held, refuses, type Fault } from '../../../fakes/tsd.ts';
import { asLine, testSink } from '../../contract.ts';
import { forever, httpBench, type HttpBenchOptions } from './sink-under-test.ts';

testSink('opentsdb http, by batches', async (t) => {
  const { tsd, sink } = await httpBench(t);
  return {
    sink: { ...sink, write: (given, options) => written(sink, [given], options) },
    arrived: async () => tsd.points().map(asLine),
    sent: async () => Buffer.concat(tsd.requests.map(({ body }) => body)),
    vanish: () => tsd.close(),
    fallSilent: () => tsd.always(hang),
  };
});

type HttpSink = Awaited<ReturnType<typeof httpBench>>['sink'];

/** Through `writeBatch`, which this sink has. */
function written({ writeBatch }: HttpSink, deliveries: readonly Points[], options = forever): Promise<Verdict> {
  return (writeBatch as NonNullable<HttpSink['writeBatch']>)(batchOf(...deliveries), options);
}

const bodies = ({ requests }: FakeTsd): string[] => requests.map(({ body }) => gunzipSync(body).toString());

test('opentsdb http sends the bytes that it would send of the points, and does not make these', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const batch = batchOf(...runs(8), points(2));
  t.deepEqual(await sink.writeBatch?.(batch, forever), { rejected: [], kept: [] });
  t.is(batch.asked(), 0);
  t.is(sink.status().accepted, batch.pointCount);
  const other = await httpBench(t);
  await other.sink.write(batch.points, forever);
  t.deepEqual(bodies(tsd), bodies(other.tsd));
  t.deepEqual(
    tsd.requests.map(({ method, path, headers }) => [
      method,
      path,
      headers['content-type'],
      headers['content-encoding'],
    ]),
    [['POST', '/api/put?sync&sync_timeout=10000&details', 'application/json', 'gzip']],
  );
});

for (const [title, answer] of [
  ['a 204', answers(204)],
  [
    'a 200 without a list of errors',
    answers(200, JSON.stringify({ success: batchOf(...runs(4)).pointCount, failed: 0 })),
  ],
] as const) {
  test(`opentsdb http takes ${title} for an answer about all points, without making them`, async (t) => {
    const { tsd, sink } = await httpBench(t);
    tsd.play(answer);
    const batch = batchOf(...runs(4));
    t.deepEqual(await sink.writeBatch?.(batch, forever), { rejected: [], kept: [] });
    t.is(batch.asked(), 0);
    t.is(tsd.requests.length, 1);
  });
}

const given = runs(40);
const all = given.flatMap(expanded);
const spoiling = [all[3], all[30]] as readonly DataPoint[] as readonly [DataPoint, DataPoint];

/** Refuses every body in which one of these points stands, as Jackson does. */
const chokes: Fault = async (exchange, answer) => {
  const text = gunzipSync(await exchange.body()).toString();
  const isBad = spoiling.some(({ metric, timestamp }) => text.includes(`"${metric}","timestamp":${timestamp}`));
  return isBad ? refuses('Unable to parse the given JSON')(exchange, answer) : answer();
};
const tooLong =
  (bytes: number, how: Fault): Fault =>
  async (exchange, answer) =>
    (await exchange.body()).length > bytes ? how(exchange, answer) : answer();

for (const [title, scene] of [
  [
    'names some points',
    {
      script: (tsd: FakeTsd) =>
        tsd.store(({ metric }) => (metric.includes('by_asn') ? { failed: 'Please throttle' } : 'stored')),
    },
  ],
  [
    'names a point for good',
    {
      script: (tsd: FakeTsd) =>
        tsd.store(({ value }) => (value === '3.5' ? { failed: 'Unable to parse value to a number' } : 'stored')),
    },
  ],
  [
    'tells of a timeout',
    {
      script: (tsd: FakeTsd) =>
        tsd.play(answers(200, JSON.stringify({ success: 0, failed: 0, timeouts: all.length, errors: [] }))),
    },
  ],
  [
    'tells counts that do not fit',
    { script: (tsd: FakeTsd) => tsd.play(answers(200, JSON.stringify({ success: 2, failed: 0, errors: [] }))) },
  ],
  ['refuses the whole for two points', { script: (tsd: FakeTsd) => tsd.always(chokes) }],
  ['is 413', { script: (tsd: FakeTsd) => tsd.play(answers(413)) }],
  ['is silence for a long body', { script: (tsd: FakeTsd) => tsd.play(closed) }],
  ['is 413 above so many bytes', { script: (tsd: FakeTsd) => tsd.always(tooLong(250, answers(413))) }],
  ['knows no names', { script: () => undefined, bench: { tsd: { autoCreateMetrics: false } } }],
  ['is one that takes no body so long', { script: () => undefined, bench: { sink: { putMaxBytes: 300 } } }],
] as readonly (readonly [string, { readonly script: (tsd: FakeTsd) => void; readonly bench?: HttpBenchOptions }])[]) {
  test(`opentsdb http rules on a batch as on its points, in the same requests, where the answer ${title}`, async (t) => {
    const byBatch = await ruled(t, scene, (sink) => written(sink, given));
    const byPoints = await ruled(t, scene, (sink) => sink.write(all, forever));
    t.true(byBatch.requests.length > 1 || byBatch.verdict.kept.length + byBatch.verdict.rejected.length > 0);
    t.deepEqual(byBatch, byPoints);
  });
}

async function ruled(
  t: ExecutionContext,
  { script, bench }: { readonly script: (tsd: FakeTsd) => void; readonly bench?: HttpBenchOptions },
  write: (sink: HttpSink) => Promise<Verdict>,
) {
  const { tsd, sink } = await httpBench(t, bench);
  script(tsd);
  const verdict = await write(sink);
  const { url: _, ...status } = sink.status();
  return {
    verdict,
    status,
    arrived: tsd.points(),
    requests: tsd.requests.map(({ path, body }) => [
      path,
      body.toString('latin1').slice(0, 2) === '\x1f\x8b' ? gunzipSync(body).toString() : String(body),
    ]),
  };
}

for (const [title, odd] of [
  ['illegal', { value: 'NaN' }],
  ['without tags', { tags: {} }],
  ['annotated', { annotation: { startMs: 1794994452001, description: 'event', custom: {} } }],
] as readonly (readonly [string, Partial<DataPoint>])[]) {
  test(`opentsdb http writes a batch point by point where one is ${title}`, async (t) => {
    const point = { ...(points(1)[0] as DataPoint), ...odd };
    const byBatch = await ruled(t, { script: () => undefined }, (sink) => written(sink, [...given, [point]]));
    const byPoints = await ruled(t, { script: () => undefined }, (sink) => sink.write([...all, point], forever));
    t.deepEqual(byBatch, byPoints);
    t.is(byBatch.arrived.length, all.length + (title === 'illegal' ? 0 : 1));
  });
}

test('opentsdb http throws when nobody answers for a batch, says what it saw, and makes no points for it', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const batch = batchOf(...given);
  tsd.always(answers(503, 'starting'));
  await t.throwsAsync(sink.writeBatch?.(batch, forever) ?? Promise.resolve(), { message: /answered 503: "starting"$/ });
  t.regex(sink.status().lastError ?? '', /answered 503/);
  t.is(sink.status().accepted, 0);
});

test('opentsdb http has a batch written by the next host when the first one does not answer', async (t) => {
  const second = await httpBench(t);
  const first = await httpBench(t, {});
  const { sink } = await httpBench(t, { sink: { urls: [first.tsd.url, second.tsd.url] } });
  first.tsd.always(answers(503));
  t.deepEqual(await written(sink, given), { rejected: [], kept: [] });
  t.is(second.tsd.counts.accepted, all.length);
});

test('opentsdb http writes a batch on a fresh connection when its own was closed while idle', async (t) => {
  const { tsd, sink } = await httpBench(t);
  await written(sink, given);
  tsd.play(closed);
  t.deepEqual(await written(sink, given), { rejected: [], kept: [] });
  t.is(tsd.counts.connections, 2);
});

test('opentsdb http gives up on an answer about a batch after 15 seconds, and on the next one 15 seconds after that began', async (t) => {
  const { tsd, sink, clock } = await httpBench(t);
  tsd.always(hang);
  let given15 = 0;
  const first = t.throwsAsync(written(sink, given), { message: /no answer within 15 s/ }).finally(() => (given15 += 1));
  await tsd.untilRequests(1);
  await clock.advance(10_000);
  const second = t
    .throwsAsync(written(sink, given), { message: /no answer within 15 s/ })
    .finally(() => (given15 += 1));
  await tsd.untilRequests(2);
  await clock.advance(5_000);
  await first;
  await clock.advance(9_999);
  t.is(given15, 1);
  await clock.advance(1);
  await second;
});

test('opentsdb http gives up a batch with the signal, and with its end', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const { fault } = held();
  tsd.always(fault);
  const stop = new AbortController();
  const first = written(sink, given, { signal: stop.signal });
  const second = written(sink, given);
  await tsd.untilRequests(2);
  stop.abort(new Error('the end'));
  await t.throwsAsync(first, { message: 'the end' });
  await sink.close();
  await t.throwsAsync(second, { message: 'the sink is closed' });
  await t.throwsAsync(written(sink, given), { message: 'the sink is closed' });
});
