// The spool on a full or failing disk: it acknowledges only durable data, and uses freed space.

import test, { type ExecutionContext } from 'ava';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataPoint } from '../../../src/model/point.ts';
import { diskOf } from '../../../src/spool/disk/disk.ts';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import { openSpool, type Spool } from '../../../src/spool/spool.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { mountedDisk, type PlayedDisk, playedDisk } from '../../fakes/disks.ts';
import { rowTest } from '../../faults/row-test.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { drained, failingWrite, finishNext, nothing, rejection, run } from '../small-spool.ts';

const mebibyte = 1 << 20;

async function spoolOnPlayedDisk(t: ExecutionContext) {
  const directory = await temporaryDirectory(t);
  const clock = movableClock();
  const disk = playedDisk(directory, 16 * mebibyte);
  const changes: (string | undefined)[] = [];
  const { played, write } = failingWrite();
  const open = (): Promise<Spool> =>
    openSpool({ directory, maxBytes: 1 << 30, clock, disk, write, onScarcity: (scarcity) => changes.push(scarcity) });
  let spool = await open();
  t.teardown(() => spool.close());
  const reopened = async (): Promise<Spool> => {
    await spool.close();
    spool = await open();
    return spool;
  };
  return { spool, disk, clock, changes, played, reopened };
}

const names = (some: readonly DataPoint[]): string => some.map(({ metric }) => metric).join('\n');

test('on a nearly full disk appends are refused, outcomes are stored, and freed space is used', async (t) => {
  const { spool, disk, clock, changes } = await spoolOnPlayedDisk(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(4), run('a'));
  const batch = reader.next(9) as Batch;
  disk.foreignBytes = disk.freeBytes() + disk.reservedBytes();
  disk.giveUpReserve();
  await clock.advance(250);
  const refused = await t.throwsAsync(spool.append(points(4, 5), run('b')), {
    name: 'SpoolFull',
    message: /^disk: room for \d+ bytes, wanted \d+$/,
  });
  t.like(refused, { status: 503, retryAfterMs: 30_000 });
  await reader.finish(batch, { ...nothing, letters: [rejection('{}')] });
  t.deepEqual([reader.backlog().points, spool.deadLetters.count(), changes.length], [0, 1, 1]);
  disk.foreignBytes = 0;
  await clock.advance(250);
  t.is(await spool.append(points(4, 5), run('b')), 'stored');
  t.deepEqual(reader.next(9)?.points, points(4, 5));
  t.deepEqual([disk.reservedBytes(), changes.at(-1)], [mebibyte, undefined]);
});

test('a group without space is refused as a whole, and the spool continues', async (t) => {
  const { spool, disk, clock, played, reopened } = await spoolOnPlayedDisk(t);
  disk.foreignBytes = 4 * mebibyte;
  const reader = await spool.reader('tsdb');
  await spool.append(points(4), run('a'));
  const batch = reader.next(9) as Batch;
  played.code = 'ENOSPC';
  const outcome = { ...nothing, letters: [rejection('{}')] };
  const both = [spool.append(points(4, 5), run('b')), reader.finish(batch, outcome)];
  for (const one of both) t.like(await t.throwsAsync(one), { name: 'SpoolFull', status: 503, retryAfterMs: 30_000 });
  played.code = undefined;
  disk.foreignBytes = 0;
  await clock.advance(250);
  t.deepEqual([reader.backlog().points, spool.deadLetters.count()], [4, 0]);
  t.is(await spool.append(points(4, 9), run('b')), 'stored');
  await reader.finish(batch, outcome);
  t.deepEqual(reader.next(9)?.points, points(4, 9));
  const later = await reopened();
  t.is(later.deadLetters.count(), 1);
  t.deepEqual((await later.reader('tsdb')).next(9)?.points, points(4, 9));
});

test('a position that moved before the disk was full is kept', async (t) => {
  const { spool, disk, clock, played } = await spoolOnPlayedDisk(t);
  disk.foreignBytes = 4 * mebibyte;
  const reader = await spool.reader('tsdb');
  await spool.append(points(4));
  await finishNext(reader);
  played.code = 'EDQUOT';
  await t.throwsAsync(spool.append(points(4, 5)), { name: 'SpoolFull' });
  played.code = undefined;
  disk.foreignBytes = 0;
  await clock.advance(250);
  await spool.append(points(4, 9));
  t.is(reader.backlog().points, 4);
  t.deepEqual(reader.next(9)?.points, points(4, 9));
});

test('a spool opens on a full disk', async (t) => {
  const { spool, disk, clock, reopened } = await spoolOnPlayedDisk(t);
  await spool.reader('tsdb');
  await spool.append(points(4));
  disk.giveUpReserve();
  disk.foreignBytes = disk.freeBytes();
  await clock.advance(3 * 3_600_000);
  const later = await reopened();
  t.deepEqual((await later.reader('tsdb')).next(9)?.points, points(4));
  await t.throwsAsync(later.append(points(4)), { name: 'SpoolFull' });
});

test('on a scarce disk an optional sink gives way once a second, and not while a required one has the same backlog', async (t) => {
  const { spool, disk, clock } = await spoolOnPlayedDisk(t);
  const required = await spool.reader('tsdb');
  const optional = await spool.reader('graphite', { maxBytes: 1 << 30, maxAgeMs: 86_400_000 });
  for (let index = 0; index < 64; index += 1) await spool.append(points(1, index));
  const refuse = async (): Promise<number> => {
    for (let index = 0; index < 10; index += 1) await t.throwsAsync(spool.append(points(1)), { name: 'SpoolFull' });
    return optional.skippedPoints();
  };
  disk.foreignBytes = disk.freeBytes() + disk.reservedBytes();
  disk.giveUpReserve();
  await clock.advance(250);
  t.is(await refuse(), 0);
  await drained(required, 500);
  const once = await refuse();
  t.true(once >= 31 && once <= 33, `${once}`);
  await clock.advance(1000);
  const twice = await refuse();
  t.true(twice >= 47 && twice <= 49, `${twice}`);
});

test('after a failed write the spool fails: nothing is acknowledged or written', async (t) => {
  const { spool, played } = await spoolOnPlayedDisk(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(4));
  const batch = reader.next(9) as Batch;
  played.code = 'EIO';
  const outcome = { ...nothing, letters: [rejection('{}')] };
  const both = [spool.append(points(4, 5)), reader.finish(batch, outcome)];
  for (const one of both) t.like(await t.throwsAsync(one), { name: 'DiskFailed', status: 503, exitCode: 74 });
  t.is((await spool.failed).message, 'spool: EIO: played');
  played.code = undefined;
  const tried = played.writes;
  await t.throwsAsync(spool.append(points(4, 9)), { name: 'DiskFailed' });
  t.is(played.writes, tried);
});

/** A disk of 6 MiB that another program fills and empties. */
interface SmallDisk {
  readonly directory: string;
  readonly disk?: PlayedDisk;
  fill(): void;
  empty(): void;
}

async function playedSmallDisk(t: ExecutionContext): Promise<SmallDisk> {
  const directory = await temporaryDirectory(t);
  const disk = playedDisk(directory, 6 * mebibyte);
  return {
    directory,
    disk,
    fill: () => void (disk.foreignBytes += disk.freeBytes()),
    empty: () => void (disk.foreignBytes = 0),
  };
}

async function mountedSmallDisk(t: ExecutionContext): Promise<SmallDisk> {
  const mounted = await mountedDisk(t, 'F11', 6 * mebibyte);
  const foreign = join(mounted, 'foreign');
  function fill(): void {
    for (let bytes = diskOf(mounted).freeBytes(); bytes > 0; bytes = diskOf(mounted).freeBytes())
      writeFileSync(foreign, Buffer.alloc(bytes), { flag: 'a' });
  }
  return { directory: join(mounted, 'spool'), fill, empty: () => rmSync(foreign) };
}

const filling = 'filled by the spool and by others, every acknowledged point is delivered and the only error is 503';

test(`on a simulated small disk, ${filling}`, async (t) => filled(t, await playedSmallDisk(t)));

rowTest('F11', `on a small disk, mounted, ${filling}`, async (t) => filled(t, await mountedSmallDisk(t)));

async function filled(t: ExecutionContext, { directory, disk, fill, empty }: SmallDisk): Promise<void> {
  const clock = movableClock();
  let spool = await openSpool({ directory, maxBytes: 1 << 30, clock, ...(disk === undefined ? {} : { disk }) });
  t.teardown(() => spool.close());
  let reader = await spool.reader('tsdb');
  const acknowledged: DataPoint[] = [];
  let delivered: DataPoint[] = [];
  let next = 1;

  async function appendUntilRefused(): Promise<number> {
    for (let count = 0; ; count += 1) {
      const some = Array.from({ length: 20 }, (_, index) => points(20, next + index * 20));
      next += 400;
      const outcomes = await Promise.allSettled(some.map((one) => spool.append(one)));
      outcomes.forEach((outcome, index) => {
        if (outcome.status === 'fulfilled') acknowledged.push(...(some[index] as DataPoint[]));
        else t.is((outcome.reason as Error).name, 'SpoolFull');
      });
      await clock.advance(50);
      if (outcomes.some(({ status }) => status === 'rejected')) return count;
    }
  }

  t.true((await appendUntilRefused()) > 10);
  fill();
  delivered = delivered.concat(await drained(reader, 500));
  t.true(names(delivered) === names(acknowledged));
  await appendUntilRefused();
  await spool.close();
  spool = await openSpool({ directory, maxBytes: 1 << 30, clock, ...(disk === undefined ? {} : { disk }) });
  reader = await spool.reader('tsdb');
  delivered = delivered.concat(await drained(reader, 500));
  empty();
  await clock.advance(1000);
  // The first refused push recycles the finished segments.
  const isFull = (): Promise<boolean> =>
    spool.append([]).then(
      () => false,
      (error: Error) => error.name === 'SpoolFull',
    );
  while (await isFull()) await clock.advance(1000);
  t.true((await appendUntilRefused()) > 10);
  delivered = delivered.concat(await drained(reader, 500));
  t.true(names(delivered) === names(acknowledged));
}
