// The spool on a disk that is full, or that fails: nothing false is acknowledged, and room that comes back is used.

import test, { type ExecutionContext } from 'ava';
import { rmSync, write as writeToFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataPoint } from '../../../src/model/point.ts';
import { diskOf } from '../../../src/spool/disk/disk.ts';
import type { WriteFunction } from '../../../src/spool/log/segment-log.ts';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import type { SpoolReader } from '../../../src/spool/readers/reader.ts';
import { openSpool, type Spool } from '../../../src/spool/spool.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { mountedDisk, type PlayedDisk, playedDisk } from '../../fakes/disks.ts';
import { rowTest } from '../../faults/row-test.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';

const mebibyte = 1 << 20;
const nothing = { letters: [], kept: [], pauseMs: 0 };

async function spoolOnPlayedDisk(t: ExecutionContext) {
  const directory = await temporaryDirectory(t);
  const clock = movableClock();
  const disk = playedDisk(directory, 16 * mebibyte);
  const changes: (string | undefined)[] = [];
  const writes = { failWith: undefined as NodeJS.ErrnoException | undefined, count: 0 };
  const write: WriteFunction = (...given) => {
    writes.count += 1;
    if (writes.failWith === undefined) writeToFile(...given);
    else given[5](writes.failWith, 0);
  };
  const open = (): Promise<Spool> =>
    openSpool({ directory, maxBytes: 1 << 30, clock, disk, write, onScarcity: (words) => changes.push(words) });
  let spool = await open();
  t.teardown(() => spool.close());
  const reopened = async (): Promise<Spool> => {
    await spool.close();
    spool = await open();
    return spool;
  };
  return { spool, disk, clock, changes, writes, reopened };
}

const systemError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`${code}: played`), { code });

async function finishAll(reader: SpoolReader): Promise<DataPoint[]> {
  const taken: DataPoint[] = [];
  for (let batch = reader.next(500); batch !== undefined; batch = reader.next(500)) {
    await reader.finish(batch, nothing);
    taken.push(...batch.points);
  }
  return taken;
}

const names = (some: readonly DataPoint[]): string => some.map(({ metric }) => metric).join('\n');

test('on a disk that is nearly full appends are refused, what a sink has finished is written down, and room that comes back is used', async (t) => {
  const { spool, disk, clock, changes } = await spoolOnPlayedDisk(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(4), { run: { key: 'a', digest: 'a' } });
  const batch = reader.next(9) as Batch;
  disk.foreignBytes = disk.freeBytes() + disk.reservedBytes();
  disk.giveUpReserve();
  await clock.advance(250);
  const refused = await t.throwsAsync(spool.append(points(4, 5), { run: { key: 'b', digest: 'b' } }), {
    name: 'SpoolFull',
    message: /^disk: room for \d+ bytes, wanted \d+$/,
  });
  t.like(refused, { status: 503, retryAfterMs: 30_000 });
  await reader.finish(batch, { ...nothing, letters: [{ kind: 'rejected', reason: 'no', raw: '{}', sink: 'tsdb' }] });
  t.deepEqual([reader.backlog().points, spool.deadLetters.count(), changes.length], [0, 1, 1]);
  disk.foreignBytes = 0;
  await clock.advance(250);
  t.is(await spool.append(points(4, 5), { run: { key: 'b', digest: 'b' } }), 'stored');
  t.deepEqual(reader.next(9)?.points, points(4, 5));
  t.deepEqual([disk.reservedBytes(), changes.at(-1)], [mebibyte, undefined]);
});

test('a group for which there is no room is refused whole, nothing of it is stored, and the spool goes on by itself', async (t) => {
  const { spool, disk, clock, writes, reopened } = await spoolOnPlayedDisk(t);
  disk.foreignBytes = 4 * mebibyte;
  const reader = await spool.reader('tsdb');
  await spool.append(points(4), { run: { key: 'a', digest: 'a' } });
  const batch = reader.next(9) as Batch;
  writes.failWith = systemError('ENOSPC');
  const letter = { kind: 'rejected', reason: 'no', raw: '{}', sink: 'tsdb' };
  const both = [
    spool.append(points(4, 5), { run: { key: 'b', digest: 'b' } }),
    reader.finish(batch, { ...nothing, letters: [letter] }),
  ];
  for (const one of both) t.like(await t.throwsAsync(one), { name: 'SpoolFull', status: 503, retryAfterMs: 30_000 });
  writes.failWith = undefined;
  disk.foreignBytes = 0;
  await clock.advance(250);
  t.deepEqual([reader.backlog().points, spool.deadLetters.count()], [4, 0]);
  t.is(await spool.append(points(4, 9), { run: { key: 'b', digest: 'b' } }), 'stored');
  await reader.finish(batch, { ...nothing, letters: [letter] });
  t.deepEqual(reader.next(9)?.points, points(4, 9));
  const later = await reopened();
  t.is(later.deadLetters.count(), 1);
  t.deepEqual((await later.reader('tsdb')).next(9)?.points, points(4, 9));
});

test('a position that was moved before the disk was full is not forgotten over it', async (t) => {
  const { spool, disk, clock, writes } = await spoolOnPlayedDisk(t);
  disk.foreignBytes = 4 * mebibyte;
  const reader = await spool.reader('tsdb');
  await spool.append(points(4));
  await reader.finish(reader.next(9) as Batch, nothing);
  writes.failWith = systemError('EDQUOT');
  await t.throwsAsync(spool.append(points(4, 5)), { name: 'SpoolFull' });
  writes.failWith = undefined;
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

test('on a scarce disk an optional sink gives way by and by, however many pushes are refused, and not at all where a required one waits as well', async (t) => {
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
  await finishAll(required);
  const once = await refuse();
  t.true(once >= 31 && once <= 33, `${once}`);
  await clock.advance(1000);
  const twice = await refuse();
  t.true(twice >= 47 && twice <= 49, `${twice}`);
});

test('after a failed write nothing is acknowledged any more, nothing is written any more, and the spool says so', async (t) => {
  const { spool, writes } = await spoolOnPlayedDisk(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(4));
  const batch = reader.next(9) as Batch;
  writes.failWith = systemError('EIO');
  const letter = { kind: 'rejected', reason: 'no', raw: '{}', sink: 'tsdb' };
  const both = [spool.append(points(4, 5)), reader.finish(batch, { ...nothing, letters: [letter] })];
  for (const one of both) t.like(await t.throwsAsync(one), { name: 'DiskFailed', status: 503, exitCode: 74 });
  t.is((await spool.failed).message, 'spool: EIO: played');
  writes.failWith = undefined;
  const tried = writes.count;
  await t.throwsAsync(spool.append(points(4, 9)), { name: 'DiskFailed' });
  t.is(writes.count, tried);
});

/** A disk of 6 MiB, and how somebody else fills it up and empties it. */
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

const filling =
  'filled by the spool and by others, every acknowledged point comes out and no other error than 503 is seen';

test(`on a small disk, played, ${filling}`, async (t) => filled(t, await playedSmallDisk(t)));

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
  delivered = delivered.concat(await finishAll(reader));
  t.true(names(delivered) === names(acknowledged));
  await appendUntilRefused();
  await spool.close();
  spool = await openSpool({ directory, maxBytes: 1 << 30, clock, ...(disk === undefined ? {} : { disk }) });
  reader = await spool.reader('tsdb');
  delivered = delivered.concat(await finishAll(reader));
  empty();
  await clock.advance(1000);
  // The first push that is refused has the bridge give back what the sink has finished.
  while (
    (await spool.append([]).then(
      () => undefined,
      (error: Error) => error.name,
    )) === 'SpoolFull'
  )
    await clock.advance(1000);
  t.true((await appendUntilRefused()) > 10);
  delivered = delivered.concat(await finishAll(reader));
  t.true(names(delivered) === names(acknowledged));
}
