// An optional sink that is away: its oldest points are skipped past its budget, and cost the others nothing.

import test from 'ava';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import type { SpoolReader } from '../../../src/spool/readers/reader.ts';
import { nothing, readSpool, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';

const dayMs = 86_400_000;

function all(reader: SpoolReader): number[] {
  const taken: number[] = [];
  for (let batch = reader.next(1); batch !== undefined; batch = reader.next(1))
    taken.push(...batch.points.map(({ metric }) => Number(metric.split('.').at(-1))));
  return taken;
}

function numbers(from: number, through: number): number[] {
  return Array.from({ length: through - from + 1 }, (_, index) => from + index);
}

test('past its bytes an optional sink loses its oldest points, the required one loses nothing', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 1 << 24 });
  const optional = await spool.reader('graphite', { maxBytes: 20_000, maxAgeMs: dayMs });
  for (let index = 0; index < 300; index += 1) await spool.append(points(1, index));
  const { points: left, bytes } = optional.backlog();
  t.true(bytes <= 20_000 && bytes > 15_000, `${bytes}`);
  t.is(optional.skippedPoints(), 300 - left);
  t.deepEqual(all(optional), numbers(300 - left, 299));
  t.deepEqual(all(reader), numbers(0, 299));
});

test('a batch on its way when half of it is skipped counts once, and what was finished out of order stays finished', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 1 << 24 });
  const optional = await spool.reader('graphite', { maxBytes: 9_000, maxAgeMs: dayMs });
  for (let index = 0; index < 50; index += 1) await spool.append(points(1, index));
  const straddled = optional.next(40) as Batch;
  const newest = optional.next(5, 'newest') as Batch;
  await optional.finish(newest, nothing);
  for (let index = 50; index < 100; index += 1) await spool.append(points(1, index));
  t.true(optional.skippedPoints() > 0 && optional.isWanted(straddled));
  await optional.finish(straddled, nothing);
  t.is(optional.backlog().points, 100 - 45);
  t.is(all(optional).length, 100 - 45);
  t.is(spool.lost().points, 0);
  t.is(reader.backlog().points, 100);
});

test('what an optional sink has left waiting for too long is skipped', async (t) => {
  const { spool, reader, clock } = await readSpool(t, { maxBytes: 1 << 24 });
  const optional = await spool.reader('graphite', { maxBytes: 1 << 20, maxAgeMs: 60_000 });
  await spool.append(points(3));
  await clock.advance(50_000);
  await spool.append(points(2, 10));
  await reader.finish(reader.next(10) as Batch, nothing);
  await clock.advance(20_000);
  await spool.tidy();
  t.is(optional.skippedPoints(), 3);
  t.deepEqual(optional.next(10)?.points, points(2, 10));
});

test('before a push is refused the optional sinks give way', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 100_000 });
  const optional = await spool.reader('graphite', { maxBytes: 1 << 30, maxAgeMs: dayMs });
  for (let index = 0; index < 2_000; index += 1) {
    await spool.append(points(1, index));
    await reader.finish(reader.next(10) as Batch, nothing);
  }
  t.true(optional.skippedPoints() > 0);
  t.is(optional.backlog().points + optional.skippedPoints(), 2_000);
});

test('the bound still refuses what waits for a required sink', async (t) => {
  const { spool } = await readSpool(t, { maxBytes: 20_000 });
  await spool.reader('graphite', { maxBytes: 1 << 30, maxAgeMs: dayMs });
  await t.throwsAsync(
    async () => {
      for (let index = 0; index < 1_000; index += 1) await spool.append(points(1, index));
    },
    { name: 'SpoolFull' },
  );
});

test('an optional sink that refuses everything fills neither the letters nor its retry set, and the count says so', async (t) => {
  const { spool } = await readSpool(t, { maxBytes: 400_000 });
  const optional = await spool.reader('graphite', { maxBytes: 40_000, maxAgeMs: dayMs });
  for (let index = 0; index < 400; index += 1) {
    await spool.append(points(2, index * 2));
    const batch = optional.next(10) as Batch;
    const [one, other] = batch.points as [never, never];
    await optional.finish(batch, { letters: [rejected(one)], kept: [other], pauseMs: 0 });
  }
  const { deadLetters } = await spool.status();
  t.true(deadLetters.bytes < 400_000 / 16, `${deadLetters.bytes}`);
  t.true(optional.backlog().bytes < 40_000);
  t.is(deadLetters.count + optional.backlog().points + optional.skippedPoints(), 800);
});

test('what was skipped stays counted and skipped over a restart', async (t) => {
  const { spool, reopened } = await readSpool(t, { maxBytes: 1 << 24 });
  const budget = { maxBytes: 20_000, maxAgeMs: dayMs };
  const optional = await spool.reader('graphite', budget);
  for (let index = 0; index < 200; index += 1) await spool.append(points(1, index));
  const [skipped, { points: left }] = [optional.skippedPoints(), optional.backlog()];
  const later = await (await reopened()).reader('graphite', budget);
  t.deepEqual([later.skippedPoints(), later.backlog().points, all(later).length], [skipped, left, left]);
});

test('what an optional sink that came back had missed while it was gone counts neither as waiting nor as lost when it is skipped past', async (t) => {
  const { spool, clock, reopened } = await readSpool(t, { maxBytes: 1 << 24 });
  const budget = { maxBytes: 1 << 20, maxAgeMs: 60_000 };
  await spool.reader('graphite', budget);
  for (let index = 0; index < 5; index += 1) {
    await spool.append(points(1, index));
    if (index === 2) await clock.advance(30_000);
  }
  const without = await reopened();
  const alone = await without.reader('tsdb');
  await without.markGoneSinks();
  for (let index = 5; index < 50; index += 1) await without.append(points(1, index));
  for (let batch = alone.next(100); batch !== undefined; batch = alone.next(100)) await alone.finish(batch, nothing);
  const later = await reopened();
  const [optional] = [await later.reader('graphite', budget), await later.reader('tsdb')];
  await later.markGoneSinks();
  t.is(optional.backlog().points, 5);
  for (let index = 50; index < 53; index += 1) await later.append(points(1, index));
  await clock.advance(40_000);
  await later.tidy();
  t.deepEqual([optional.skippedPoints(), optional.backlog().points, optional.untakenPoints()], [3, 5, 5]);
  t.deepEqual(all(optional), [3, 4, ...numbers(50, 52)]);
});

test('an optional sink gives nothing up where that makes no room, since a required one needs it too', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 20_000 });
  const optional = await spool.reader('graphite', { maxBytes: 1 << 30, maxAgeMs: dayMs });
  for (let index = 0; index < 20; index += 1) await spool.append(points(1, index));
  await reader.finish(reader.next(5) as Batch, nothing);
  await t.throwsAsync(
    async () => {
      for (let index = 20; index < 1_000; index += 1) await spool.append(points(1, index));
    },
    { name: 'SpoolFull' },
  );
  t.is(optional.skippedPoints(), 5);
});
