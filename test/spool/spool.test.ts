// The spool stores each delivery once, in order, within its bound and over restarts.

import test, { type ExecutionContext } from 'ava';
import { openSpool, type Spool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { everyLetter } from '../fakes/letters.ts';
import { points } from '../fakes/points.ts';
import { movableClock } from '../fakes/time.ts';
import { drained, finishNext, nothing, push, run } from './small-spool.ts';

const hourMs = 3_600_000;

async function spoolIn(t: ExecutionContext, { maxBytes = 1 << 20 } = {}) {
  const clock = movableClock();
  const directory = await temporaryDirectory(t);
  let spool = await openSpool({ directory, maxBytes, clock });
  t.teardown(() => spool.close());
  async function reopen(): Promise<Spool> {
    await spool.close();
    spool = await openSpool({ directory, maxBytes, clock });
    return spool;
  }
  return { spool, clock, reopen };
}

test('a reader takes deliveries in order', async (t) => {
  const { spool } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(2));
  await spool.append(points(2, 3));
  t.deepEqual(reader.next(10)?.points, points(4));
  t.is(reader.next(10), undefined);
});

test('a batch has whole records up to the requested number of points, and at least one', async (t) => {
  const { spool } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  for (let first = 1; first <= 9; first += 3) await spool.append(points(3, first));
  t.deepEqual(
    [reader.next(7), reader.next(1), reader.next(1)].map((batch) => batch?.points.length),
    [6, 3, undefined],
  );
});

test('after a restart unfinished batches are taken again, finished ones are not', async (t) => {
  const { spool, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await push(spool, 1, 3);
  const [, second] = [reader.next(1), reader.next(1), reader.next(1)];
  await reader.finish(second as NonNullable<typeof second>, nothing);
  const later = await (await reopen()).reader('tsdb');
  t.deepEqual(
    [later.next(10)?.points, later.next(10)?.points, later.next(10)],
    [points(1, 1), points(1, 3), undefined],
  );
});

test('the backlog is the same before and after a restart', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  const firstAtMs = clock.now();
  await spool.append(points(4));
  await clock.advance(1000);
  await spool.append(points(2, 5));
  t.like(reader.backlog(), { points: 6, oldestAtMs: firstAtMs });
  await finishNext(reader, nothing, 4);
  t.like(reader.backlog(), { points: 2, oldestAtMs: firstAtMs + 1000 });
  const later = await (await reopen()).reader('tsdb');
  t.like(later.backlog(), { points: 2, oldestAtMs: firstAtMs + 1000 });
  await finishNext(later);
  t.deepEqual(later.backlog(), { points: 0, bytes: 0, oldestAtMs: undefined });
});

test('a new sink starts at the end of the log, a known one at its position', async (t) => {
  const { spool } = await spoolIn(t);
  const first = await spool.reader('first');
  await spool.append(points(1, 1));
  const second = await spool.reader('second');
  await spool.append(points(1, 2));
  t.deepEqual(second.next(10)?.points, points(1, 2));
  t.deepEqual(first.next(10)?.points, points(2));
});

test('a repeated run is a duplicate, also while the first one is written and after a restart', async (t) => {
  const { spool, reopen } = await spoolIn(t);
  await spool.reader('tsdb');
  const both = await Promise.all([spool.append(points(1), run('a')), spool.append(points(1), run('a'))]);
  t.deepEqual(both, ['stored', 'duplicate']);
  const later = await reopen();
  t.is(await later.append(points(1), run('a')), 'duplicate');
  t.is((await later.reader('tsdb')).next(10)?.points.length, 1);
});

test('a run with other contents is stored once, as a conflict', async (t) => {
  const { spool } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(1), run('a', 'one'));
  const delivered = [
    await spool.append(points(1, 2), run('a', 'two')),
    await spool.append(points(1, 2), run('a', 'two')),
  ];
  t.deepEqual(delivered, ['conflict', 'duplicate']);
  t.is(reader.next(10)?.points.length, 2);
});

test('both contents of a conflict are remembered as long as the younger', async (t) => {
  const { spool, clock } = await spoolIn(t);
  await spool.append(points(1), run('a', 'one'));
  await clock.advance(2.4 * hourMs);
  t.is(await spool.append(points(1), run('a', 'two')), 'conflict');
  await clock.advance(hourMs);
  for (const contents of ['one', 'two']) t.is(await spool.append(points(1), run('a', contents)), 'duplicate');
});

test('a run is remembered after the clock has advanced by hours', async (t) => {
  const { spool, clock } = await spoolIn(t);
  await spool.append(points(1), run('a'));
  await clock.advance(5 * hourMs);
  t.is(await spool.append(points(1), run('b')), 'stored');
  await spool.tidy();
  t.is(await spool.append(points(1), run('b')), 'duplicate');
});

test('a run is remembered for at least two hours, and forgotten later', async (t) => {
  const { spool, clock } = await spoolIn(t);
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

test('above its bound the spool refuses with 503 and Retry-After, until a sink has finished something', async (t) => {
  const { spool } = await spoolIn(t, { maxBytes: 8000 });
  const reader = await spool.reader('tsdb');
  const fill = async () => {
    for (;;) await spool.append(points(10));
  };
  const full = await t.throwsAsync(fill, { name: 'SpoolFull', message: /at most 8000 bytes, found \d+ waiting/ });
  t.like(full, { status: 503, expose: true, retryAfterMs: 30_000 });
  await drained(reader, 1);
  t.is(await spool.append(points(10)), 'stored');
});

test('a parked measurement survives a restart, and is removed with the delivery that completes it', async (t) => {
  const { spool, reopen, clock } = await spoolIn(t);
  await spool.append(points(1), { parked: { waitsFor: '312', payload: '{"one":1}' } });
  await spool.append(points(1), { parked: { waitsFor: '540', payload: '{"two":2}' } });
  const later = await reopen();
  t.deepEqual(later.parking.waitedFor(), ['312', '540']);
  const [entry] = later.parking.waitingFor('312', 10);
  t.like(entry, { payload: '{"one":1}', parkedAtMs: clock.now() });
  await later.append(points(1), { completes: (entry as NonNullable<typeof entry>).id });
  t.deepEqual([later.parking.waitedFor(), later.parking.count()], [['540'], 1]);
});

test('a measurement above the parking bound becomes a dead letter', async (t) => {
  const { spool } = await spoolIn(t, { maxBytes: 4000 });
  const delivered = await spool.append(points(1), { parked: { waitsFor: '1', payload: 'x'.repeat(450) } });
  t.is(delivered, 'stored');
  t.is(spool.parking.count(), 0);
  t.deepEqual(
    everyLetter(spool.deadLetters).map(({ kind }) => kind),
    ['parking-full'],
  );
});

test('a dead letter has a reason, and equal contents are one letter', async (t) => {
  const { spool, reopen } = await spoolIn(t);
  const deadLetter = { kind: 'implausible-time', reason: 'before 2010', raw: '{"a":1}' };
  await spool.append([], { deadLetter });
  await spool.append([], { deadLetter });
  const [only, more] = everyLetter((await reopen()).deadLetters);
  t.like(only, { ...deadLetter, times: 2 });
  t.is(more, undefined);
});

test('the newest records can be taken first, then the oldest', async (t) => {
  const { spool } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await push(spool, 1, 5);
  t.deepEqual(reader.next(2, 'newest')?.points, points(2, 4));
  t.deepEqual(reader.next(1)?.points, points(1, 1));
  await spool.append(points(1, 6));
  t.deepEqual(reader.next(5, 'newest')?.points, points(1, 6));
  t.deepEqual(reader.next(9)?.points, points(2, 2));
  t.deepEqual([reader.next(9), reader.next(9, 'newest'), reader.untakenPoints()], [undefined, undefined, 0]);
});

test('kept points wait in the retry set until their pause is over, also over a restart', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(3));
  await finishNext(reader, { kept: points(1, 2), pauseMs: 1000 });
  t.is(reader.nextRetry(), undefined);
  t.is(reader.backlog().points, 1);
  const later = await (await reopen()).reader('tsdb');
  t.like(later.backlog(), { points: 1, oldestAtMs: clock.now() });
  await clock.advance(1000);
  const retry = later.nextRetry();
  t.like(retry, { points: points(1, 2), attempts: 1 });
  t.is(later.nextRetry(), undefined);
  await later.finishRetry(retry as NonNullable<typeof retry>, { ...nothing, kept: points(1, 2), pauseMs: 0 });
  const again = later.nextRetry();
  t.is(again?.attempts, 2);
  await later.finishRetry(again as NonNullable<typeof again>, nothing);
  t.deepEqual(later.backlog(), { points: 0, bytes: 0, oldestAtMs: undefined });
});

test('the backlog of a removed sink is held, and does not grow', async (t) => {
  const { spool, reopen } = await spoolIn(t, { maxBytes: 8000 });
  await spool.reader('gone');
  await spool.append(points(2));
  const later = await reopen();
  const reader = await later.reader('tsdb');
  t.deepEqual(await later.markRemovedSinks(), [{ name: 'gone', points: 2 }]);
  for (let round = 0; round < 20; round += 1) {
    t.is(await later.append(points(10, 3)), 'stored');
    await drained(reader);
  }
  t.deepEqual(await later.markRemovedSinks(), [{ name: 'gone', points: 2 }]);
  const both = await reopen();
  const back = await both.reader('gone');
  await both.reader('tsdb');
  t.like(back.backlog(), { points: 2 });
  t.deepEqual(await drained(back), points(2));
  t.deepEqual([back.next(9), back.backlog().points, both.waitingBytes()], [undefined, 0, 0]);
});

test('a removed sink that comes back within a week continues at its position, later at the end of the log', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  await spool.reader('gone');
  await spool.append(points(2));
  const second = await reopen();
  await second.reader('tsdb');
  await second.markRemovedSinks();
  await clock.advance(6 * 24 * hourMs);
  await second.tidy();
  const back = await (await reopen()).reader('gone');
  t.deepEqual(back.next(9)?.points, points(2));
  const fourth = await reopen();
  await fourth.reader('tsdb');
  await fourth.markRemovedSinks();
  await clock.advance(7 * 24 * hourMs + 1);
  await fourth.tidy();
  t.is((await (await reopen()).reader('gone')).next(9), undefined);
});

test('the held backlog of a removed sink does not reset the end of the log at a restart', async (t) => {
  const { reopen, spool } = await spoolIn(t);
  await spool.reader('other');
  await spool.append(points(2));
  const without = await reopen();
  const reader = await without.reader('tsdb');
  await without.markRemovedSinks();
  for (let index = 0; index < 20; index += 1) await without.append(points(2, 10 + index));
  await drained(reader);
  const later = await reopen();
  const again = await later.reader('tsdb');
  t.deepEqual([(await later.status()).lastRecord, again.backlog().points], [21, 0]);
  await later.append(points(3, 50));
  t.is(again.backlog().points, 3);
  t.deepEqual(again.next(100)?.points, points(3, 50));
});

test('above the share of dead letters of senders, only a delivery that adds one is refused', async (t) => {
  const { spool } = await spoolIn(t, { maxBytes: 20_000 });
  await spool.reader('tsdb');
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

test('setting the clock back does not delay a retry', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(1));
  await finishNext(reader, { kept: points(1), pauseMs: 1000 });
  clock.jump(-86_400_000);
  t.is(reader.nextRetry(), undefined);
  await clock.advance(1000);
  t.deepEqual(reader.nextRetry()?.points, points(1));
  const later = await (await reopen()).reader('tsdb');
  await clock.advance(600_000);
  t.deepEqual(later.nextRetry()?.points, points(1));
});
