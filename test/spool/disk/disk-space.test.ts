// Room on the disk: what is refused, when, and that it comes back by itself.

import test from 'ava';
import { openDiskSpace } from '../../../src/spool/disk/disk-space.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { playedDisk } from '../../fakes/disks.ts';
import { movableClock } from '../../fakes/time.ts';
import type { ExecutionContext } from 'ava';

const mebibyte = 1 << 20;
const noSpace = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

async function room(t: ExecutionContext, sizeBytes = 64 * mebibyte) {
  const disk = playedDisk(await temporaryDirectory(t), sizeBytes);
  const clock = movableClock();
  const changes: (string | undefined)[] = [];
  const inFile = { reusableBytes: 0 };
  const onChange = (words: string | undefined): void => void changes.push(words);
  return {
    disk,
    clock,
    changes,
    inFile,
    room: openDiskSpace({ disk, clock, reusableBytes: () => inFile.reusableBytes, onChange }),
  };
}

test('the reserve is 16 MiB, of a small disk a sixteenth', async (t) => {
  t.is((await room(t, 1024 * mebibyte)).disk.reservedBytes(), 16 * mebibyte);
  t.is((await room(t, 16 * mebibyte)).disk.reservedBytes(), mebibyte);
});

test('room is scarce before the disk is at its end, and no more when somebody has made some', async (t) => {
  const { disk, clock, changes, room: one } = await room(t);
  disk.foreignBytes = 58.5 * mebibyte;
  t.is(one.scarcity(), undefined);
  await clock.advance(250);
  t.is(one.scarcity(), 'disk: room for 5767168 bytes, wanted 6291456');
  disk.foreignBytes = 57 * mebibyte;
  await clock.advance(250);
  t.is(one.scarcity(), 'disk: room for 7340032 bytes, wanted 8388608');
  disk.foreignBytes = 56 * mebibyte;
  await clock.advance(250);
  t.is(one.scarcity(), undefined);
  t.deepEqual(changes, ['disk: room for 5767168 bytes, wanted 6291456', undefined]);
});

test('what is laid out and not written yet is room as well', async (t) => {
  const { disk, clock, inFile, room: one } = await room(t);
  disk.foreignBytes = 60 * mebibyte;
  inFile.reusableBytes = 2 * mebibyte;
  await clock.advance(250);
  t.is(one.scarcity(), undefined);
  inFile.reusableBytes -= 1;
  await clock.advance(250);
  t.is(one.scarcity(), 'disk: room for 6291455 bytes, wanted 6291456');
});

test('a write that finds no space gives up the reserve, which is taken again when there is room for it', async (t) => {
  const { disk, clock, room: one } = await room(t);
  disk.foreignBytes = 60 * mebibyte;
  t.true(one.isLackOfSpace(noSpace));
  t.is(disk.reservedBytes(), 0);
  t.is(one.scarcity(), 'disk: no space left');
  await clock.advance(250);
  t.is(one.scarcity(), 'disk: room for 4194304 bytes, wanted 8388608');
  disk.foreignBytes = 0;
  await clock.advance(250);
  t.is(one.scarcity(), undefined);
  t.is(disk.reservedBytes(), 4 * mebibyte);
});

test('room in pieces that were too small is not believed to be room until there is more', async (t) => {
  const { clock, changes, inFile, disk, room: one } = await room(t);
  disk.foreignBytes = 60 * mebibyte;
  inFile.reusableBytes = 20 * mebibyte;
  t.true(one.isLackOfSpace(noSpace));
  await clock.advance(250);
  t.not(one.scarcity(), undefined);
  inFile.reusableBytes += 2 * mebibyte;
  await clock.advance(250);
  t.is(one.scarcity(), undefined);
  t.deepEqual(changes, ['disk: no space left', undefined]);
});

test('room that was of no use is believed again after half a minute', async (t) => {
  const { clock, disk, room: one } = await room(t);
  t.true(one.isLackOfSpace(noSpace));
  disk.foreignBytes = mebibyte;
  await clock.advance(29_000);
  t.not(one.scarcity(), undefined);
  await clock.advance(2_000);
  t.is(one.scarcity(), undefined);
});

test('a disk that fails does not lack room', async (t) => {
  const { disk, room: one } = await room(t);
  disk.foreignBytes = 60 * mebibyte;
  t.false(one.isLackOfSpace(Object.assign(new Error('input/output error'), { code: 'EIO' })));
  t.true(one.isLackOfSpace(Object.assign(new Error('quota exceeded'), { code: 'EDQUOT' })));
  t.false(one.isLackOfSpace(new TypeError("not the disk's")));
});
