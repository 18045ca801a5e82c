// When the disk is nearly full, and when it has space again.

import test, { type ExecutionContext } from 'ava';
import { openDiskSpace } from '../../../src/spool/disk/disk-space.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { playedDisk } from '../../fakes/disks.ts';
import { movableClock } from '../../fakes/time.ts';

const mebibyte = 1 << 20;
const noSpace = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

async function spaceOf(t: ExecutionContext, sizeBytes = 64 * mebibyte) {
  const disk = playedDisk(await temporaryDirectory(t), sizeBytes);
  const clock = movableClock();
  const changes: (string | undefined)[] = [];
  const inFile = { reusableBytes: 0 };
  const space = openDiskSpace(
    disk,
    clock,
    () => inFile.reusableBytes,
    (scarcity) => void changes.push(scarcity),
  );
  return { disk, clock, changes, inFile, space };
}

test('the reserve is 16 MiB, or a sixteenth of a small disk', async (t) => {
  t.is((await spaceOf(t, 1024 * mebibyte)).disk.reservedBytes(), 16 * mebibyte);
  t.is((await spaceOf(t, 16 * mebibyte)).disk.reservedBytes(), mebibyte);
});

test('space is scarce before the disk is full, until space is freed', async (t) => {
  const { disk, clock, changes, space } = await spaceOf(t);
  disk.foreignBytes = 58.5 * mebibyte;
  t.is(space.scarcity(), undefined);
  await clock.advance(250);
  t.is(space.scarcity(), 'disk: room for 5767168 bytes, wanted 6291456');
  disk.foreignBytes = 57 * mebibyte;
  await clock.advance(250);
  t.is(space.scarcity(), 'disk: room for 7340032 bytes, wanted 8388608');
  disk.foreignBytes = 56 * mebibyte;
  await clock.advance(250);
  t.is(space.scarcity(), undefined);
  t.deepEqual(changes, ['disk: room for 5767168 bytes, wanted 6291456', undefined]);
});

test('preallocated bytes count as space', async (t) => {
  const { disk, clock, inFile, space } = await spaceOf(t);
  disk.foreignBytes = 60 * mebibyte;
  inFile.reusableBytes = 2 * mebibyte;
  await clock.advance(250);
  t.is(space.scarcity(), undefined);
  inFile.reusableBytes -= 1;
  await clock.advance(250);
  t.is(space.scarcity(), 'disk: room for 6291455 bytes, wanted 6291456');
});

test('a write on a full disk releases the reserve, which is taken again when there is space', async (t) => {
  const { disk, clock, space } = await spaceOf(t);
  disk.foreignBytes = 60 * mebibyte;
  t.true(space.isLackOfSpace(noSpace));
  t.is(disk.reservedBytes(), 0);
  t.is(space.scarcity(), 'disk: no space left');
  await clock.advance(250);
  t.is(space.scarcity(), 'disk: room for 4194304 bytes, wanted 8388608');
  disk.foreignBytes = 0;
  await clock.advance(250);
  t.is(space.scarcity(), undefined);
  t.is(disk.reservedBytes(), 4 * mebibyte);
});

test('space that a failed write could not use does not count until there is more', async (t) => {
  const { clock, changes, inFile, disk, space } = await spaceOf(t);
  disk.foreignBytes = 60 * mebibyte;
  inFile.reusableBytes = 20 * mebibyte;
  t.true(space.isLackOfSpace(noSpace));
  await clock.advance(250);
  t.not(space.scarcity(), undefined);
  inFile.reusableBytes += 2 * mebibyte;
  await clock.advance(250);
  t.is(space.scarcity(), undefined);
  t.deepEqual(changes, ['disk: no space left', undefined]);
});

test('space that a failed write could not use counts again after half a minute', async (t) => {
  const { clock, disk, space } = await spaceOf(t);
  t.true(space.isLackOfSpace(noSpace));
  disk.foreignBytes = mebibyte;
  await clock.advance(29_000);
  t.not(space.scarcity(), undefined);
  await clock.advance(2_000);
  t.is(space.scarcity(), undefined);
});

test('an I/O error does not count as a full disk', async (t) => {
  const { disk, space } = await spaceOf(t);
  disk.foreignBytes = 60 * mebibyte;
  t.false(space.isLackOfSpace(Object.assign(new Error('input/output error'), { code: 'EIO' })));
  t.true(space.isLackOfSpace(Object.assign(new Error('quota exceeded'), { code: 'EDQUOT' })));
  t.false(space.isLackOfSpace(new TypeError("not the disk's")));
});
