// Group commit: deliveries during a write share the next group, and none is acknowledged before it is durable.

import test, { type ExecutionContext } from 'ava';
import { write as writeToFile } from 'node:fs';
import type { DataPoint } from '../../../src/model/point.ts';
import type { WriteFunction } from '../../../src/spool/log/segment-log.ts';
import { until } from '../../fakes/until.ts';
import { points } from '../../fakes/points.ts';
import {
  drained,
  failingWrite,
  numbersOfPoints,
  recordingWrite,
  run,
  smallSpool,
  memoryDirectory,
  type WrittenGroup,
} from '../small-spool.ts';

/** A spool whose writes are held until the test releases them one by one. */
async function heldSpool(t: ExecutionContext) {
  const groups: WrittenGroup[] = [];
  const held: (() => void)[] = [];
  const played = { isHolding: false };
  const recording = recordingWrite(groups);
  const write: WriteFunction = (...given) => {
    if (!played.isHolding) return recording(...given);
    const [file, bytes, from, length, at, done] = given;
    // The bytes are in the file, but the write is not reported as done.
    const release = (): void => recording(file, bytes, from, length, at, done);
    writeToFile(file, bytes, from, length, at, () => void held.push(release));
  };
  const directory = await memoryDirectory(t);
  const spool = await smallSpool(t, directory, { write, segmentBytes: 1 << 16 });
  const reader = await spool.reader('tsdb');
  // The first group of a segment has the positions of the sinks.
  await spool.append([], run('first'));
  t.teardown(() => {
    played.isHolding = false;
    for (const go of held.splice(0)) go();
  });
  return { spool, reader, groups, held, played };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

test('deliveries during a write form one group, which is acknowledged and readable once it is durable', async (t) => {
  const { spool, reader, groups, held, played } = await heldSpool(t);
  const before = groups.length;
  played.isHolding = true;
  const first = spool.append(points(1, 1));
  await until(() => held.length === 1);
  const others = [2, 3, 4].map((number) => spool.append(points(1, number)));
  t.deepEqual(await Promise.all([first, ...others].map(isSettled)), [false, false, false, false]);
  t.is(reader.next(9), undefined);
  held.shift()?.();
  await first;
  t.deepEqual(await Promise.all(others.map(isSettled)), [false, false, false]);
  t.deepEqual(numbersOfPoints(await drained(reader)), [1]);
  await until(() => held.length === 1);
  held.shift()?.();
  await Promise.all(others);
  t.is(groups.length - before, 2);
  t.deepEqual(numbersOfPoints(await drained(reader)), [2, 3, 4]);
});

test('a duplicate is not acknowledged before the first one is durable', async (t) => {
  const { spool, held, played } = await heldSpool(t);
  played.isHolding = true;
  const first = spool.append(points(1, 1), run('a'));
  await until(() => held.length === 1);
  const again = spool.append(points(1, 1), run('a'));
  t.false(await isSettled(again));
  held.shift()?.();
  t.deepEqual(await Promise.all([first, again]), ['stored', 'duplicate']);
});

test('a duplicate of a delivery that fails is refused as well', async (t) => {
  const directory = await memoryDirectory(t);
  const { played, write } = failingWrite();
  const spool = await smallSpool(t, directory, { write });
  await spool.append(points(1, 1));
  played.code = 'EIO';
  const both = await Promise.allSettled([spool.append(points(1, 2), run('a')), spool.append(points(1, 2), run('a'))]);
  t.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('a short write means a full disk: the group is not acknowledged', async (t) => {
  const directory = await memoryDirectory(t);
  let isShort = false;
  const write: WriteFunction = (file, bytes, from, length, at, done) =>
    writeToFile(file, bytes, from, isShort ? length - 1 : length, at, done);
  const spool = await smallSpool(t, directory, { write });
  const reader = await spool.reader('tsdb');
  await spool.append(points(1, 1));
  isShort = true;
  await t.throwsAsync(spool.append(points(1, 2)), { name: 'SpoolFull' });
  t.deepEqual(numbersOfPoints(await drained(reader)), [1]);
});

test('deliveries larger than a segment are stored whole, and survive a restart', async (t) => {
  const directory = await memoryDirectory(t);
  const spool = await smallSpool(t, directory);
  await spool.reader('tsdb');
  const sizes = [1, 30, 1, 500, 2, 40, 1];
  let next = 1;
  const all: DataPoint[] = [];
  for (const size of sizes) {
    all.push(...points(size, next));
    await spool.append(points(size, next));
    next += size;
  }
  await Promise.all(
    [points(200, next), points(1, next + 200), points(300, next + 201)].map((some) => spool.append(some)),
  );
  all.push(...points(501, next));
  await spool.close();
  const later = await smallSpool(t, directory);
  t.deepEqual(await drained(await later.reader('tsdb')), all);
});

test('hundreds of thousands of points in one delivery, and in many concurrent ones, are read unchanged', async (t) => {
  const directory = await memoryDirectory(t);
  const spool = await smallSpool(t, directory, { segmentBytes: 1 << 20, maxBytes: 1 << 30 });
  const reader = await spool.reader('tsdb');
  await spool.append(points(100_000, 1));
  await Promise.all(Array.from({ length: 2000 }, (_, index) => spool.append(points(50, 100_001 + index * 50))));
  const numbers = numbersOfPoints(await drained(reader, 5000));
  t.is(numbers.length, 200_000);
  t.true(numbers.every((number, index) => number === index + 1));
  t.deepEqual([reader.backlog().points, spool.lost().records], [0, 0]);
});
