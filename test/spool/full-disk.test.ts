// The spool on a disk that is full, or that fails: nothing false is acknowledged, and room that comes back is used.

import test, { type ExecutionContext } from 'ava';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataPoint } from '../../src/point.ts';
import { diskOf } from '../../src/spool/disk.ts';
import type { SpoolReader } from '../../src/spool/reader.ts';
import { openSpool, type Spool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { lmdbError, mountedDisk, type PlayedDisk, playedDisk } from '../fakes/disks.ts';
import { rowTest } from '../faults/row-test.ts';
import { points } from '../fakes/points.ts';
import { movableClock } from '../fakes/time.ts';

const mebibyte = 1 << 20;
const nothing = { letters: [], kept: [], notBeforeMs: 0 };

async function spoolOnPlayedDisk(t: ExecutionContext) {
  const directory = await temporaryDirectory(t);
  const clock = movableClock();
  const disk = playedDisk(directory, 16 * mebibyte);
  const changes: (string | undefined)[] = [];
  const open = (): Promise<Spool> => openSpool({ directory, maxBytes: 1 << 30, clock, disk, onScarcity: (words) => changes.push(words) });
  const spool = await open();
  t.teardown(() => spool.close());
  return { spool, disk, clock, changes, open };
}

async function finishAll(reader: SpoolReader): Promise<DataPoint[]> {
  const taken: DataPoint[] = [];
  for (let batch = reader.next(500); batch !== undefined; batch = reader.next(500)) {
    await reader.finish(batch, nothing);
    taken.push(...batch.points);
  }
  return taken;
}

const names = (some: readonly DataPoint[]): string => some.map(({ metric }) => metric).join('\n');

test('on a full disk appends are refused, positions go on, and both without the other\'s harm in one transaction', async (t) => {
  const { spool, disk, clock, changes } = await spoolOnPlayedDisk(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(4), { run: { key: 'a', digest: 'a' } });
  const batch = reader.next(9);
  disk.foreignBytes = disk.freeBytes();
  const refused = t.throwsAsync(spool.append(points(4, 5), { run: { key: 'b', digest: 'b' } }), { name: 'SpoolFull', message: 'disk: no space left' });
  await reader.finish(batch as NonNullable<typeof batch>, nothing);
  t.like(await refused, { status: 503, retryAfterMs: 30_000 });
  t.is(reader.backlog().points, 0);
  t.deepEqual([disk.reservedBytes(), changes], [0, ['disk: no space left']]);
  disk.foreignBytes = 0;
  await clock.advance(250);
  t.is(await spool.append(points(4, 5), { run: { key: 'b', digest: 'b' } }), 'stored');
  t.deepEqual(reader.next(9)?.points, points(4, 5));
  t.deepEqual([disk.reservedBytes(), changes.at(-1)], [mebibyte, undefined]);
});

test('where not even the reserve helps everything is refused and nothing is changed', async (t) => {
  const { spool, disk, clock } = await spoolOnPlayedDisk(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(4));
  const batch = reader.next(9) as NonNullable<ReturnType<SpoolReader['next']>>;
  disk.foreignBytes = 32 * mebibyte;
  await t.throwsAsync(spool.append(points(4, 5)), { name: 'SpoolFull' });
  await t.throwsAsync(reader.finish(batch, nothing), { name: 'SpoolFull', message: /not for what makes room either/ });
  t.is(reader.backlog().points, 4);
  disk.foreignBytes = 0;
  await clock.advance(250);
  await reader.finish(batch, nothing);
  t.is(reader.backlog().points, 0);
});

test('a spool opens on a full disk', async (t) => {
  const { spool, disk, clock, open } = await spoolOnPlayedDisk(t);
  await spool.reader('tsdb');
  await spool.append(points(4));
  await spool.close();
  disk.giveUpReserve();
  disk.foreignBytes = disk.freeBytes();
  await clock.advance(3 * 3_600_000);
  const later = await open();
  t.deepEqual((await later.reader('tsdb')).next(9)?.points, points(4));
  await t.throwsAsync(later.append(points(4)), { name: 'SpoolFull' });
  await later.close();
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
  disk.foreignBytes = disk.freeBytes() - mebibyte / 4;
  await clock.advance(250);
  t.is(await refuse(), 0);
  await finishAll(required);
  const once = await refuse();
  t.true(once >= 31 && once <= 33, `${once}`);
  await clock.advance(1000);
  const twice = await refuse();
  t.true(twice >= 47 && twice <= 49, `${twice}`);
});

test('what is put back of a damaged store and then finds no room hides nothing that comes later', async (t) => {
  const { spool, disk, clock } = await spoolOnPlayedDisk(t);
  const [behind, ahead] = [await spool.reader('behind'), await spool.reader('ahead')];
  await spool.append(points(1));
  for (const reader of [behind, ahead]) await finishAll(reader);
  const one = spool.restorer('spool.damaged');
  const position = (through: number) => ({ through, finished: [], points: through, bytes: through });
  await one.put([
    { kind: 'position', sink: 'behind', position: position(0) },
    { kind: 'position', sink: 'ahead', position: position(9) },
  ]);
  const rows = points(1, 5).map(({ metric, timestamp, unit, value, tags }) => [metric, timestamp, unit, value, tags]);
  const put = (): Promise<void> => one.put([{ kind: 'record', sequence: 7, points: 1, pointsBefore: 6, text: JSON.stringify([0, 6, 600, rows]) }]);
  const failing = {
    ...(points(1)[0] as DataPoint),
    get metric(): string {
      throw lmdbError(28, 'No space left on device');
    },
  };
  disk.foreignBytes = 4 * mebibyte;
  const both = [put(), spool.append([failing])];
  for (const each of both) await t.throwsAsync(each, { name: 'SpoolFull' });
  disk.foreignBytes = 0;
  await clock.advance(250);
  await spool.append(points(2, 10));
  t.deepEqual([behind.untakenPoints(), ahead.untakenPoints()], [2, 2]);
  t.is(names(await finishAll(ahead)), names(points(2, 10)));
  await put();
  t.deepEqual([behind.untakenPoints(), ahead.untakenPoints(), one.restored()], [3, 0, 1]);
  t.is(names(await finishAll(behind)), names([...points(2, 10), ...points(1, 5)]));
});

test('after a failed sync nothing is acknowledged any more, and the spool says so', async (t) => {
  const { spool, disk } = await spoolOnPlayedDisk(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(4));
  const batch = reader.next(9) as NonNullable<ReturnType<SpoolReader['next']>>;
  disk.failWith = lmdbError(5, 'Input/output error');
  const both = [spool.append(points(4, 5)), reader.finish(batch, nothing)];
  for (const one of both) t.like(await t.throwsAsync(one), { name: 'DiskFailed', status: 503, exitCode: 74 });
  t.is((await spool.failed).message, 'spool: Input/output error');
  disk.failWith = undefined;
  const tried = disk.transactions;
  await t.throwsAsync(spool.append(points(4, 9)), { name: 'DiskFailed' });
  t.is(disk.transactions, tried);
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
  return { directory, disk, fill: () => void (disk.foreignBytes += disk.freeBytes()), empty: () => void (disk.foreignBytes = 0) };
}

async function mountedSmallDisk(t: ExecutionContext): Promise<SmallDisk> {
  const mounted = await mountedDisk(t, 'F11', 6 * mebibyte);
  const foreign = join(mounted, 'foreign');
  function fill(): void {
    for (let bytes = diskOf(mounted).freeBytes(); bytes > 0; bytes = diskOf(mounted).freeBytes()) writeFileSync(foreign, Buffer.alloc(bytes), { flag: 'a' });
  }
  return { directory: join(mounted, 'spool'), fill, empty: () => rmSync(foreign) };
}

const filling = 'filled by the spool and by others, every acknowledged point comes out and no other error than 503 is seen';

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
  t.true((await appendUntilRefused()) > 10);
  delivered = delivered.concat(await finishAll(reader));
  t.true(names(delivered) === names(acknowledged));
}
