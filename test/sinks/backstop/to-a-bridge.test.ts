// The Backstop sink against the Backstop source of another bridge: exact verdicts, and what is sent again counts once.

import test, { type ExecutionContext } from 'ava';
import type { DataPoint, Deliver } from '../../../src/model/point.ts';
import { allAccepted } from '../../../src/model/sink.ts';
import { SpoolFull } from '../../../src/spool/spool-full.ts';
import { batchOf } from '../../fakes/batches.ts';
import { points } from '../../fakes/points.ts';
import { backstopBench, type BackstopSettings } from '../../sources/backstop/bench.ts';
import { deduplicated } from '../../sources/backstop/deduplicated.ts';
import { forever } from '../contract.ts';
import { path, sinkTo } from './backstop-fixture.ts';

async function bridgeFixture(t: ExecutionContext, settings: Partial<BackstopSettings> = {}, deliver?: Deliver) {
  const spool = deduplicated(deliver);
  const bench = await backstopBench(
    t,
    { naming: 'tags', unit: 'ms', maxBodyBytes: 2 ** 20, ...settings },
    spool.deliver,
  );
  return { ...bench, spool, sink: sinkTo(t, `${bench.url}/publish/test`, { names: 'tags' }) };
}

/** Later than a bridge takes. */
const tooLate = (count: number): DataPoint[] => points(count, 500).map((one) => ({ ...one, timestamp: 4_000_000_000 }));

test('points arrive with their tags, their 64-bit values and their milliseconds', async (t) => {
  const { sink, spool } = await bridgeFixture(t);
  const values = ['66161895600000001', '9223372036854775807', '158.0', '0'];
  const sent = values.map((value, at): DataPoint => ({
    metric: 'docker.cpu.total',
    timestamp: 1709633742123 + at,
    unit: 'ms',
    value,
    tags: { host: 'a', container: 'web.1' },
  }));
  t.deepEqual(await sink.writeBatch?.(batchOf(sent), forever), allAccepted);
  t.deepEqual(
    spool.stored(),
    sent.map((one) => ({ ...one, metric: 'test.docker.cpu.total' })),
  );
});

test('a dotted name arrives as it is with the naming legacy', async (t) => {
  const { sink, spool } = await bridgeFixture(t, { naming: 'legacy', unit: 's' });
  await sink.write([path('web.1.cpu.total', '7')], forever);
  t.deepEqual(spool.stored(), [path('test.web.1.cpu.total', '7')]);
});

test('points with tags wait for a bridge whose names are legacy', async (t) => {
  const { sink, spool } = await bridgeFixture(t, { naming: 'legacy', unit: 's' });
  const tagged = { ...path('docker.cpu.total', '7'), tags: { container: 'web' } };
  const error = await t.throwsAsync(sink.write([tagged], forever));
  t.regex(error?.message ?? '', /^answered 422.*expected names without tags, as --backstop-sink-names dotted/);
  t.deepEqual(spool.stored(), []);
});

test('long dotted names stay distinct with the naming tags', async (t) => {
  const { sink, spool } = await bridgeFixture(t, { unit: 's' });
  const name = `docker.${'x'.repeat(120)}.${'y'.repeat(120)}`;
  await sink.write([path(`${name}.eth0`, '1'), path(`${name}.eth1`, '2')], forever);
  const names = spool.stored().map(({ metric }) => metric);
  t.is(new Set(names).size, 2);
  for (const each of names) t.true(each.startsWith(`test.docker.${'x'.repeat(120)}.yyy`) && each.length === 205, each);
});

test('deliveries that are sent again, in other batches too, are stored once', async (t) => {
  const { sink, spool, source, url } = await bridgeFixture(t);
  const [first, second, third] = [points(2), points(3, 10), points(1, 20)] as const;
  await sink.writeBatch?.(batchOf(first, second), forever);
  const restarted = sinkTo(t, `${url}/publish/test`, { names: 'tags' });
  t.deepEqual(await restarted.writeBatch?.(batchOf(second, third, first), forever), allAccepted);
  t.deepEqual(
    spool.stored().map(({ value }) => value),
    [...first, ...second, ...third].map(({ value }) => value),
  );
  t.like(source.status(), { accepted: 6, duplicate: 0 });
  t.deepEqual(await sink.writeBatch?.(batchOf(first), forever), allAccepted);
  t.like(source.status(), { accepted: 6, duplicate: 1 });
});

test('the points that a bridge rejects are exactly those of the verdict, with its reasons', async (t) => {
  const { sink, spool } = await bridgeFixture(t);
  const [late] = tooLate(1) as [DataPoint];
  const verdict = await sink.writeBatch?.(batchOf(points(3), [late, ...points(2, 10)]), forever);
  t.deepEqual(
    verdict?.rejected.map((each) => each.point),
    [late],
  );
  t.regex(verdict?.rejected[0]?.reason ?? '', /^measure_time: expected a time not more than an hour ahead/);
  t.is(spool.stored().length, 5);
});

test('more rejected points than a bridge names are all found, and the others are stored once', async (t) => {
  const { sink, spool } = await bridgeFixture(t);
  const late = tooLate(53);
  const verdict = await sink.writeBatch?.(batchOf([...late, ...points(4)], points(2, 10)), forever);
  t.deepEqual(
    verdict?.rejected.map((each) => each.point),
    late,
  );
  t.is(spool.stored().length, 6);
});

test('when all are rejected, with 400, each is in the verdict', async (t) => {
  const { sink, spool } = await bridgeFixture(t);
  const verdict = await sink.writeBatch?.(batchOf(tooLate(45)), forever);
  t.deepEqual([verdict?.rejected.length, verdict?.kept, spool.stored()], [45, [], []]);
});

test('a body over the limit of the bridge is halved', async (t) => {
  const { sink, spool } = await bridgeFixture(t, { maxBodyBytes: 2_000 });
  t.deepEqual(await sink.writeBatch?.(batchOf(points(60), points(5, 100)), forever), allAccepted);
  t.is(spool.stored().length, 65);
});

test('while the spool of the bridge is full the sink waits as long as it asks, and then nothing is stored twice', async (t) => {
  let count = 0;
  const { sink, spool, source } = await bridgeFixture(t, {}, async () => {
    count += 1;
    if (count === 2) throw new SpoolFull('spool: at most 5 bytes, found 6 waiting');
    return 'stored';
  });
  const batch = batchOf(points(2), points(2, 10), points(2, 20));
  const error = await t.throwsAsync<Error & { readonly retryAfterMs?: number }>(
    sink.writeBatch?.(batch, forever) as Promise<unknown>,
    { message: /^answered 503: .*at most 5 bytes/ },
  );
  t.true((error?.retryAfterMs ?? 0) >= 1_000);
  t.deepEqual(await sink.writeBatch?.(batch, forever), allAccepted);
  t.is(spool.stored().length, 6);
  t.like(source.status(), { accepted: 2, refused: 1 });
});
