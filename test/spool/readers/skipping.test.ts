// Optional sinks skip their oldest points past their budgets, and do not affect other sinks.

import test from 'ava';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import type { SpoolReader } from '../../../src/spool/readers/reader.ts';
import { nothing, readSpool, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';
import { drained, finishNext, integers, numbersOfPoints, push } from '../small-spool.ts';

const dayMs = 86_400_000;

/** Takes the backlog without finishing it. */
function all(reader: SpoolReader): number[] {
  const taken: number[] = [];
  for (let batch = reader.next(1); batch !== undefined; batch = reader.next(1))
    taken.push(...numbersOfPoints(batch.points));
  return taken;
}

test('above its byte budget an optional sink skips its oldest points; a required sink skips none', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 1 << 24 });
  const optional = await spool.reader('graphite', { maxBytes: 20_000, maxAgeMs: dayMs });
  await push(spool, 0, 299);
  const { points: left, bytes } = optional.backlog();
  t.true(bytes <= 20_000 && bytes > 15_000, `${bytes}`);
  t.is(optional.skippedPoints(), 300 - left);
  t.deepEqual(all(optional), integers(300 - left, 299));
  t.deepEqual(all(reader), integers(0, 299));
});

test('a batch in flight that is half skipped counts once, and ranges finished out of order stay finished', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 1 << 24 });
  const optional = await spool.reader('graphite', { maxBytes: 9_000, maxAgeMs: dayMs });
  await push(spool, 0, 49);
  const straddled = optional.next(40) as Batch;
  const newest = optional.next(5, 'newest') as Batch;
  await optional.finish(newest, nothing);
  await push(spool, 50, 99);
  t.true(optional.skippedPoints() > 0 && optional.isWanted(straddled));
  await optional.finish(straddled, nothing);
  t.is(optional.backlog().points, 100 - 45);
  t.is(all(optional).length, 100 - 45);
  t.is(spool.lost().points, 0);
  t.is(reader.backlog().points, 100);
});

test('an optional sink skips points older than its age budget', async (t) => {
  const { spool, reader, clock } = await readSpool(t, { maxBytes: 1 << 24 });
  const optional = await spool.reader('graphite', { maxBytes: 1 << 20, maxAgeMs: 60_000 });
  await spool.append(points(3));
  await clock.advance(50_000);
  await spool.append(points(2, 10));
  await finishNext(reader);
  await clock.advance(20_000);
  await spool.tidy();
  t.is(optional.skippedPoints(), 3);
  t.deepEqual(optional.next(10)?.points, points(2, 10));
});

test('optional sinks give way before a push is refused', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 100_000 });
  const optional = await spool.reader('graphite', { maxBytes: 1 << 30, maxAgeMs: dayMs });
  for (let index = 0; index < 2_000; index += 1) {
    await spool.append(points(1, index));
    await finishNext(reader);
  }
  t.true(optional.skippedPoints() > 0);
  t.is(optional.backlog().points + optional.skippedPoints(), 2_000);
});

test('the bound refuses pushes while a required sink has a backlog', async (t) => {
  const { spool } = await readSpool(t, { maxBytes: 20_000 });
  await spool.reader('graphite', { maxBytes: 1 << 30, maxAgeMs: dayMs });
  await t.throwsAsync(push(spool, 0, 999), { name: 'SpoolFull' });
});

test('an optional sink that rejects everything fills neither the letters nor its retry set, and skips are counted', async (t) => {
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

test('skipped points stay skipped and counted after a restart', async (t) => {
  const { spool, reopened } = await readSpool(t, { maxBytes: 1 << 24 });
  const budget = { maxBytes: 20_000, maxAgeMs: dayMs };
  const optional = await spool.reader('graphite', budget);
  await push(spool, 0, 199);
  const [skipped, { points: left }] = [optional.skippedPoints(), optional.backlog()];
  const later = await (await reopened()).reader('graphite', budget);
  t.deepEqual([later.skippedPoints(), later.backlog().points, all(later).length], [skipped, left, left]);
});

test('records that a removed optional sink has missed count neither as backlog nor as skipped when it comes back', async (t) => {
  const { spool, clock, reopened } = await readSpool(t, { maxBytes: 1 << 24 });
  const budget = { maxBytes: 1 << 20, maxAgeMs: 60_000 };
  await spool.reader('graphite', budget);
  for (let index = 0; index < 5; index += 1) {
    await spool.append(points(1, index));
    if (index === 2) await clock.advance(30_000);
  }
  const without = await reopened();
  const alone = await without.reader('tsdb');
  await without.markRemovedSinks();
  await push(without, 5, 49);
  await drained(alone);
  const later = await reopened();
  const [optional] = [await later.reader('graphite', budget), await later.reader('tsdb')];
  await later.markRemovedSinks();
  t.is(optional.backlog().points, 5);
  await push(later, 50, 52);
  await clock.advance(40_000);
  await later.tidy();
  t.deepEqual([optional.skippedPoints(), optional.backlog().points, optional.untakenPoints()], [3, 5, 5]);
  t.deepEqual(all(optional), [3, 4, ...integers(50, 52)]);
});

test('an optional sink does not give way if a required one has the same backlog', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 20_000 });
  const optional = await spool.reader('graphite', { maxBytes: 1 << 30, maxAgeMs: dayMs });
  await push(spool, 0, 19);
  await finishNext(reader, {}, 5);
  await t.throwsAsync(push(spool, 20, 999), { name: 'SpoolFull' });
  t.is(optional.skippedPoints(), 5);
});
