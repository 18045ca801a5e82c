// Room on the disk: what is refused, when, and that it comes back by itself.

import test from 'ava';
import { openRoom } from '../../src/spool/room.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { lmdbError, playedDisk } from '../fakes/disks.ts';
import { movableClock } from '../fakes/time.ts';
import type { ExecutionContext } from 'ava';

const mebibyte = 1 << 20;

async function room(t: ExecutionContext, sizeBytes = 64 * mebibyte) {
  const disk = playedDisk(await temporaryDirectory(t), sizeBytes);
  const clock = movableClock();
  const changes: (string | undefined)[] = [];
  const inFile = { reusableBytes: 0 };
  const onChange = (words: string | undefined): void => void changes.push(words);
  return { disk, clock, changes, inFile, room: openRoom({ disk, clock, reusableBytes: () => inFile.reusableBytes, onChange }) };
}

test('the reserve is 8 MiB, of a small disk a sixteenth', async (t) => {
  t.is((await room(t, 1024 * mebibyte)).disk.reservedBytes(), 8 * mebibyte);
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

test('what the store\'s file has free within it is room as well', async (t) => {
  const { disk, clock, inFile, room: one } = await room(t);
  disk.foreignBytes = 60 * mebibyte;
  inFile.reusableBytes = 2 * mebibyte;
  await clock.advance(250);
  t.is(one.scarcity(), undefined);
  inFile.reusableBytes -= 1;
  await clock.advance(250);
  t.is(one.scarcity(), 'disk: room for 6291455 bytes, wanted 6291456');
});

test('a transaction that finds no space gives up the reserve, which is taken again when there is room for it', async (t) => {
  const { disk, clock, room: one } = await room(t);
  disk.foreignBytes = 60 * mebibyte;
  t.true(one.isLackOfSpace(lmdbError(28, 'No space left on device')));
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
  t.true(one.isLackOfSpace(lmdbError(28, 'No space left on device')));
  await clock.advance(250);
  t.not(one.scarcity(), undefined);
  inFile.reusableBytes += 2 * mebibyte;
  await clock.advance(250);
  t.is(one.scarcity(), undefined);
  t.deepEqual(changes, ['disk: no space left', undefined]);
});

test('a short write at the end of the disk is lack of space; with room left the disk fails', async (t) => {
  const { disk, room: one } = await room(t);
  t.false(one.isLackOfSpace(lmdbError(5, 'Input/output error')));
  disk.foreignBytes = 60 * mebibyte;
  t.true(one.isLackOfSpace(lmdbError(5, 'Input/output error')));
  t.false(one.isLackOfSpace(new TypeError('not the disk\'s')));
});
