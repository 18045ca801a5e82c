// Failed writes at every step: the group is not acknowledged, stored or remembered, and nothing else is lost.

import test, { type ExecutionContext } from 'ava';
import { closeSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskOf } from '../../src/spool/disk/disk.ts';
import { type OpenSegment, segmentAllocator } from '../../src/spool/log/segment-allocator.ts';
import { segmentPath } from '../../src/spool/log/segment-files.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { mountedDisk } from '../fakes/disks.ts';
import { points } from '../fakes/points.ts';
import { type MovableClock, movableClock } from '../fakes/time.ts';
import { rowTest } from '../faults/row-test.ts';
import { copied, drained, failingWrite, largeDisk, numbersOfPoints, run, smallSpool } from './small-spool.ts';

for (const isHalfWritten of [false, true]) {
  const how = isHalfWritten ? 'half written' : 'not written';
  test(`a run refused on a full disk, ${how}, is stored when repeated after a restart`, async (t) => {
    const directory = await temporaryDirectory(t);
    const { played, write } = failingWrite();
    const spool = await smallSpool(t, directory, { write });
    await spool.reader('tsdb');
    await spool.append(points(1, 1), run('first'));
    Object.assign(played, { code: 'ENOSPC', isHalfWritten });
    await t.throwsAsync(spool.append(points(1, 2), run('refused')), { name: 'SpoolFull' });
    played.code = undefined;
    await spool.close();
    const later = await smallSpool(t, directory);
    t.deepEqual(
      [await later.append(points(1, 1), run('first')), await later.append(points(1, 2), run('refused'))],
      ['duplicate', 'stored'],
    );
    t.deepEqual(numbersOfPoints(await drained(await later.reader('tsdb'))), [1, 2]);
    t.deepEqual([later.lost().records, later.lost().uncounted, (await later.status()).suspectTails], [0, 0, 0]);
  });

  test(`a run refused on a failing disk, ${how}, is stored when repeated after a restart`, async (t) => {
    const directory = await temporaryDirectory(t);
    const { played, write } = failingWrite();
    const spool = await smallSpool(t, directory, { write });
    await spool.reader('tsdb');
    await spool.append(points(1, 1), run('first'));
    Object.assign(played, { code: 'EIO', isHalfWritten });
    await t.throwsAsync(spool.append(points(1, 2), run('failed')), { name: 'DiskFailed' });
    const killed = await copied(t, directory);
    await spool.close();
    for (const each of [killed, directory]) {
      const later = await smallSpool(t, each);
      t.deepEqual(
        [await later.append(points(1, 1), run('first')), await later.append(points(1, 2), run('failed'))],
        ['duplicate', 'stored'],
      );
      t.deepEqual(numbersOfPoints(await drained(await later.reader('tsdb'))), [1, 2]);
    }
  });
}

/** A spool with one point whose writes fail for lack of space until `free` is called. */
async function spoolOnFullDisk(t: ExecutionContext) {
  const { played, write } = failingWrite();
  const clock = movableClock();
  const directory = await temporaryDirectory(t);
  const disk = largeDisk(directory);
  disk.foreignBytes = 1 << 29;
  const spool = await smallSpool(t, directory, { write, clock, disk });
  const reader = await spool.reader('tsdb');
  await spool.append(points(1, 1));
  played.code = 'ENOSPC';
  async function free(): Promise<void> {
    played.code = undefined;
    disk.foreignBytes = 0;
    await clock.advance(250);
  }
  return { spool, reader, free };
}

test('a refused run is stored once when it is repeated at once', async (t) => {
  const { spool, reader, free } = await spoolOnFullDisk(t);
  const both = [spool.append(points(1, 2), run('a')), spool.append(points(1, 2), run('a'))];
  for (const one of both) await t.throwsAsync(one, { name: 'SpoolFull' });
  await free();
  t.deepEqual(await Promise.all([spool.append(points(1, 2), run('a')), spool.append(points(1, 2), run('a'))]), [
    'stored',
    'duplicate',
  ]);
  t.deepEqual(numbersOfPoints(await drained(reader)), [1, 2]);
});

test('a group refused on a full disk during a checkpoint does not fail the spool', async (t) => {
  const { spool, reader, free } = await spoolOnFullDisk(t);
  const refused = t.throwsAsync(spool.append(points(1, 2)), { name: 'SpoolFull' });
  await spool.tidy();
  await refused;
  await free();
  t.is(await spool.append(points(1, 3)), 'stored');
  t.deepEqual(numbersOfPoints(await drained(reader)), [1, 3]);
});

test('a segment that cannot be renamed leaves no file open, and its spare is used for the next one', async (t) => {
  const directory = await temporaryDirectory(t);
  const supply = segmentAllocator(directory, 4096);
  await supply.preallocate();
  const head = { firstGroup: 1, before: { records: 0, points: 0, bytes: 0 }, createdAtMs: 0 };
  mkdirSync(join(segmentPath(directory, 1), 'in-the-way'), { recursive: true });
  await t.throwsAsync(supply.allocate({ ...head, number: 1 }, 0));
  t.deepEqual(openIn(directory), []);
  t.is(supply.spareBytes(), 4096);
  const { file }: OpenSegment = await supply.allocate({ ...head, number: 2 }, 0);
  t.is(openIn(directory).length, 1);
  closeSync(file);
  t.deepEqual(readdirSync(directory).toSorted(), [
    '000000000001.segment',
    '000000000002.newest',
    '000000000002.segment',
  ]);
});

function openIn(directory: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** Retries an append once there is space: a preallocation in progress may still fail. */
async function storedSoon(append: () => Promise<string>, clock: MovableClock): Promise<string> {
  const withinMs = performance.now() + 30_000;
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(31_000);
    const [outcome] = await Promise.allSettled([append()]);
    if (outcome.status === 'fulfilled') return outcome.value;
    if (performance.now() > withinMs) throw outcome.reason;
  }
}

rowTest(
  'F11',
  'with any number of free pages on the disk, deliveries are acknowledged or refused with 503, acknowledged points are delivered, and freed space is used',
  async (t: ExecutionContext) => {
    const mounted = await mountedDisk(t, 'F11', 512 << 10);
    for (let pages = 0; pages <= 12; pages += 1) {
      const directory = join(mounted, `${pages}`);
      const clock = movableClock();
      const spool = await smallSpool(t, directory, {
        clock,
        disk: { ...diskOf(directory), takeReserve: () => {}, sizeBytes: () => 0 },
      });
      const reader = await spool.reader('tsdb');
      await spool.append(points(1, 1));
      const foreign = join(mounted, 'foreign');
      writeFileSync(foreign, Buffer.alloc(Math.max(0, diskOf(mounted).freeBytes() - pages * 4096)));
      const acknowledged = [1];
      let next = 2;
      let refusals = 0;
      for (; refusals < 5 && next < 400; next += 1) {
        const [outcome] = await Promise.allSettled([spool.append(points(1, next), run(`${next}`))]);
        if (outcome.status === 'fulfilled') acknowledged.push(next);
        else refusals += 1;
        if (outcome.status === 'rejected')
          t.is((outcome.reason as Error).name, 'SpoolFull', `${pages} pages: ${(outcome.reason as Error).message}`);
        await clock.advance(250);
      }
      t.is(refusals, 5, `${pages} pages`);
      rmSync(foreign);
      t.is(await storedSoon(() => spool.append(points(1, next), run(`${next}`)), clock), 'stored');
      t.deepEqual(numbersOfPoints(await drained(reader)), [...acknowledged, next], `${pages} pages`);
      await spool.close();
      rmSync(directory, { recursive: true });
    }
  },
);
