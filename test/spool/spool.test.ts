// The spool keeps what was appended, once, in order, within its bound and over restarts.

import test, { type ExecutionContext } from 'ava';
import { openSpool, type Spool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import { movableClock } from '../fakes/time.ts';
import { everyLetter } from '../fakes/letters.ts';

const hourMs = 3_600_000;
const nothing = { letters: [], kept: [], pauseMs: 0 };

async function spoolIn(
  t: ExecutionContext,
  { maxBytes = 1 << 20, directory }: { maxBytes?: number; directory?: string } = {},
) {
  const clock = movableClock();
  const path = directory ?? (await temporaryDirectory(t));
  let spool = await openSpool({ directory: path, maxBytes, clock });
  t.teardown(() => spool.close());
  async function reopen(): Promise<Spool> {
    await spool.close();
    spool = await openSpool({ directory: path, maxBytes, clock });
    return spool;
  }
  return { spool, clock, reopen };
}

const run = (key: string, digest = 'a') => ({ run: { key, digest } });

test('a reader takes out what was appended, in order', async (t) => {
  const { spool } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(2));
  await spool.append(points(2, 3));
  t.deepEqual(reader.next(10)?.points, points(4));
  t.is(reader.next(10), undefined);
});

test('a batch holds whole records up to the number of points asked for, and one at least', async (t) => {
  const { spool } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  for (let first = 1; first <= 9; first += 3) await spool.append(points(3, first));
  t.deepEqual(
    [reader.next(7), reader.next(1), reader.next(1)].map((batch) => batch?.points.length),
    [6, 3, undefined],
  );
});

test('what was not finished is there again after a restart, what was finished is not', async (t) => {
  const { spool, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(1, 1));
  await spool.append(points(1, 2));
  await spool.append(points(1, 3));
  const [, second] = [reader.next(1), reader.next(1), reader.next(1)];
  await reader.finish(second as NonNullable<typeof second>, nothing);
  const later = await (await reopen()).reader('tsdb');
  t.deepEqual(
    [later.next(10)?.points, later.next(10)?.points, later.next(10)],
    [points(1, 1), points(1, 3), undefined],
  );
});

test('the backlog counts what waits, before and after a restart', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  const firstAtMs = clock.now();
  await spool.append(points(4));
  await clock.advance(1000);
  await spool.append(points(2, 5));
  const first = reader.next(4);
  t.like(reader.backlog(), { points: 6, oldestAtMs: firstAtMs });
  await reader.finish(first as NonNullable<typeof first>, nothing);
  t.like(reader.backlog(), { points: 2, oldestAtMs: firstAtMs + 1000 });
  const later = await (await reopen()).reader('tsdb');
  t.like(later.backlog(), { points: 2, oldestAtMs: firstAtMs + 1000 });
  const rest = later.next(10);
  await later.finish(rest as NonNullable<typeof rest>, nothing);
  t.deepEqual(later.backlog(), { points: 0, bytes: 0, oldestAtMs: undefined });
});

test('a new sink begins with what is appended from then on; an old one keeps its place', async (t) => {
  const { spool } = await spoolIn(t);
  const first = await spool.reader('first');
  await spool.append(points(1, 1));
  const second = await spool.reader('second');
  await spool.append(points(1, 2));
  t.deepEqual(second.next(10)?.points, points(1, 2));
  t.deepEqual(first.next(10)?.points, points(2));
});

test('the same run again adds nothing, also while the first is being written and after a restart', async (t) => {
  const { spool, reopen } = await spoolIn(t);
  await spool.reader('tsdb');
  const both = await Promise.all([spool.append(points(1), run('a')), spool.append(points(1), run('a'))]);
  t.deepEqual(both, ['stored', 'duplicate']);
  const later = await reopen();
  t.is(await later.append(points(1), run('a')), 'duplicate');
  t.is((await later.reader('tsdb')).next(10)?.points.length, 1);
});

test('the same run with other contents is stored, once, and said to be a conflict', async (t) => {
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

test('the contents of a conflict are remembered as long as the younger of them', async (t) => {
  const { spool, clock } = await spoolIn(t);
  await spool.append(points(1), run('a', 'one'));
  await clock.advance(2.4 * hourMs);
  t.is(await spool.append(points(1), run('a', 'two')), 'conflict');
  await clock.advance(hourMs);
  for (const contents of ['one', 'two']) t.is(await spool.append(points(1), run('a', contents)), 'duplicate');
});

test('a run that comes when the clock has jumped over hours is remembered', async (t) => {
  const { spool, clock } = await spoolIn(t);
  await spool.append(points(1), run('a'));
  await clock.advance(5 * hourMs);
  t.is(await spool.append(points(1), run('b')), 'stored');
  await spool.tidy();
  t.is(await spool.append(points(1), run('b')), 'duplicate');
});

test('a run is remembered for two hours at least, and forgotten some time later', async (t) => {
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

test('over its bound the spool refuses with 503 and a pause, and takes again when a sink has taken', async (t) => {
  const { spool } = await spoolIn(t, { maxBytes: 8000 });
  const reader = await spool.reader('tsdb');
  const fill = async () => {
    for (;;) await spool.append(points(10));
  };
  const full = await t.throwsAsync(fill, { name: 'SpoolFull', message: /at most 8000 bytes, found \d+ waiting/ });
  t.like(full, { status: 503, expose: true, retryAfterMs: 30_000 });
  for (let batch = reader.next(1); batch !== undefined; batch = reader.next(1)) await reader.finish(batch, nothing);
  t.is(await spool.append(points(10)), 'stored');
});

test('what is parked comes back over a restart and goes with the points that complete it', async (t) => {
  const { spool, reopen, clock } = await spoolIn(t);
  await spool.append(points(1), { parked: { waitsFor: '312', payload: '{"one":1}' } });
  await spool.append(points(1), { parked: { waitsFor: '540', payload: '{"two":2}' } });
  const later = await reopen();
  t.deepEqual(later.parking.waitedFor(), ['312', '540']);
  const [entry] = later.parking.waitingFor('312', 10);
  t.like(entry, { waitsFor: '312', payload: '{"one":1}', parkedAtMs: clock.now() });
  await later.append(points(1), { completes: (entry as NonNullable<typeof entry>).id });
  t.deepEqual([later.parking.waitedFor(), later.parking.count()], [['540'], 1]);
});

test('what finds no room to park becomes a dead letter at once', async (t) => {
  const { spool } = await spoolIn(t, { maxBytes: 4000 });
  const delivered = await spool.append(points(1), { parked: { waitsFor: '1', payload: 'x'.repeat(450) } });
  t.is(delivered, 'stored');
  t.is(spool.parking.count(), 0);
  t.deepEqual(
    everyLetter(spool.deadLetters).map(({ kind }) => kind),
    ['parking-full'],
  );
});

test('a dead letter is kept with its reason, once for each content', async (t) => {
  const { spool, reopen } = await spoolIn(t);
  const deadLetter = { kind: 'implausible-time', reason: 'before 2010', raw: '{"a":1}' };
  await spool.append([], { deadLetter });
  await spool.append([], { deadLetter });
  const [only, more] = everyLetter((await reopen()).deadLetters);
  t.like(only, { ...deadLetter, times: 2 });
  t.is(more, undefined);
});

test('from the newest end come the last records, and the rest from the oldest', async (t) => {
  const { spool } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  for (let number = 1; number <= 5; number += 1) await spool.append(points(1, number));
  t.deepEqual(reader.next(2, 'newest')?.points, points(2, 4));
  t.deepEqual(reader.next(1)?.points, points(1, 1));
  await spool.append(points(1, 6));
  t.deepEqual(reader.next(5, 'newest')?.points, points(1, 6));
  t.deepEqual(reader.next(9)?.points, points(2, 2));
  t.deepEqual([reader.next(9), reader.next(9, 'newest'), reader.untakenPoints()], [undefined, undefined, 0]);
});

test('kept points are in the retry set until their pause is over, and over a restart', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(3));
  const batch = reader.next(9);
  await reader.finish(batch as NonNullable<typeof batch>, { ...nothing, kept: points(1, 2), pauseMs: 1000 });
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

test('for a sink that is gone only what waited for it is held, and the spool never fills because of it', async (t) => {
  const { spool, reopen } = await spoolIn(t, { maxBytes: 8000 });
  await spool.reader('gone');
  await spool.append(points(2));
  const later = await reopen();
  const reader = await later.reader('tsdb');
  t.deepEqual(await later.markGoneSinks(), [{ name: 'gone', points: 2 }]);
  for (let round = 0; round < 20; round += 1) {
    t.is(await later.append(points(10, 3)), 'stored');
    for (let batch = reader.next(99); batch !== undefined; batch = reader.next(99)) await reader.finish(batch, nothing);
  }
  t.deepEqual(await later.markGoneSinks(), [{ name: 'gone', points: 2 }]);
  const both = await reopen();
  const back = await both.reader('gone');
  await both.reader('tsdb');
  t.like(back.backlog(), { points: 2 });
  const batch = back.next(99);
  t.deepEqual(batch?.points, points(2));
  await back.finish(batch as NonNullable<typeof batch>, nothing);
  t.deepEqual([back.next(9), back.backlog().points, both.waitingBytes()], [undefined, 0, 0]);
});

test('a sink that comes back within the week goes on where it was; after it, it begins anew', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  await spool.reader('gone');
  await spool.append(points(2));
  const second = await reopen();
  await second.reader('tsdb');
  await second.markGoneSinks();
  await clock.advance(6 * 24 * hourMs);
  await second.tidy();
  const back = await (await reopen()).reader('gone');
  t.deepEqual(back.next(9)?.points, points(2));
  const fourth = await reopen();
  await fourth.reader('tsdb');
  await fourth.markGoneSinks();
  await clock.advance(7 * 24 * hourMs + 1);
  await fourth.tidy();
  t.is((await (await reopen()).reader('gone')).next(9), undefined);
});

test('what is held for a sink that is gone does not set the end of the spool back at a restart: what comes then is for the others', async (t) => {
  const { reopen, spool } = await spoolIn(t);
  await spool.reader('other');
  await spool.append(points(2));
  const without = await reopen();
  const reader = await without.reader('tsdb');
  await without.markGoneSinks();
  for (let index = 0; index < 20; index += 1) await without.append(points(2, 10 + index));
  for (let batch = reader.next(100); batch !== undefined; batch = reader.next(100)) await reader.finish(batch, nothing);
  const later = await reopen();
  const again = await later.reader('tsdb');
  t.deepEqual([(await later.status()).lastRecord, again.backlog().points], [21, 0]);
  await later.append(points(3, 50));
  t.is(again.backlog().points, 3);
  t.deepEqual(again.next(100)?.points, points(3, 50));
});

test('when the dead letters of senders reach their share, only what would add one is refused', async (t) => {
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

test('a clock that is set back puts off nothing that waits to be written again', async (t) => {
  const { spool, clock, reopen } = await spoolIn(t);
  const reader = await spool.reader('tsdb');
  await spool.append(points(1));
  const batch = reader.next(9);
  await reader.finish(batch as NonNullable<typeof batch>, { ...nothing, kept: points(1), pauseMs: 1000 });
  clock.jump(-86_400_000);
  t.is(reader.nextRetry(), undefined);
  await clock.advance(1000);
  t.deepEqual(reader.nextRetry()?.points, points(1));
  const later = await (await reopen()).reader('tsdb');
  await clock.advance(600_000);
  t.deepEqual(later.nextRetry()?.points, points(1));
});
