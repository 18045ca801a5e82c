// The spool beyond the suite of every queue: the window of deduplication, the newest first, the share of dead letters.

import test from 'ava';
import { readSpool } from '../fakes/letters.ts';
import { points } from '../fakes/points.ts';
import { drained, push, run } from './small-spool.ts';

const hourMs = 3_600_000;

test('both contents of a conflict are remembered as long as the younger', async (t) => {
  const { spool, clock } = await readSpool(t);
  await spool.append(points(1), run('a', 'one'));
  await clock.advance(2.4 * hourMs);
  t.is(await spool.append(points(1), run('a', 'two')), 'conflict');
  await clock.advance(hourMs);
  for (const contents of ['one', 'two']) t.is(await spool.append(points(1), run('a', contents)), 'duplicate');
});

test('a run is remembered after the clock has advanced by hours', async (t) => {
  const { spool, clock } = await readSpool(t);
  await spool.append(points(1), run('a'));
  await clock.advance(5 * hourMs);
  t.is(await spool.append(points(1), run('b')), 'stored');
  await spool.tidy();
  t.is(await spool.append(points(1), run('b')), 'duplicate');
});

test('a run is remembered for at least two hours, and forgotten later', async (t) => {
  const { spool, clock } = await readSpool(t);
  await spool.append(points(1), run('a'));
  for (let minutes = 0; minutes < 120; minutes += 10) {
    t.is(await spool.append(points(1), run('a')), 'duplicate');
    await clock.advance(hourMs / 6);
    await spool.tidy();
  }
  await clock.advance(2 * hourMs);
  await spool.tidy();
  t.is(await spool.append(points(1), run('a')), 'stored');
});

test('the newest records can be taken first, then the oldest', async (t) => {
  const { spool, reader } = await readSpool(t);
  await push(spool, 1, 5);
  t.deepEqual(reader.next(2, 'newest')?.points, points(2, 4));
  t.deepEqual(reader.next(1)?.points, points(1, 1));
  await spool.append(points(1, 6));
  t.deepEqual(reader.next(5, 'newest')?.points, points(1, 6));
  t.deepEqual(reader.next(9)?.points, points(2, 2));
  t.deepEqual([reader.next(9), reader.next(9, 'newest'), reader.untakenPoints()], [undefined, undefined, 0]);
});

test('the held backlog of a removed sink does not reset the end of the log at a restart', async (t) => {
  const { reopened, spool } = await readSpool(t, { sink: 'other' });
  await spool.append(points(2));
  const without = await reopened();
  const reader = await without.reader('tsdb');
  await without.markRemovedSinks();
  for (let index = 0; index < 20; index += 1) await without.append(points(2, 10 + index));
  await drained(reader);
  const later = await reopened();
  const again = await later.reader('tsdb');
  t.deepEqual([(await later.status()).lastRecord, again.backlog().points], [21, 0]);
  await later.append(points(3, 50));
  t.is(again.backlog().points, 3);
  t.deepEqual(again.next(100)?.points, points(3, 50));
});

test('above the share of dead letters of senders, only a delivery that adds one is refused', async (t) => {
  const { spool } = await readSpool(t, { maxBytes: 20_000 });
  const letter = (number: number) =>
    spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw: `${number}`.padEnd(300) } });
  const full = await t.throwsAsync(
    async () => {
      for (let number = 0; ; number += 1) await letter(number);
    },
    { name: 'SpoolFull', message: /^dead letters of senders: at most 1250 bytes, found \d+$/ },
  );
  t.is((full as { status?: number }).status, 503);
  t.is(await spool.append(points(1)), 'stored');
});
