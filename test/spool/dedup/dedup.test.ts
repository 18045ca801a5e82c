// The runs of the last two hours: within a bound in bytes, and over restarts.

import test, { type ExecutionContext } from 'ava';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Dedup } from '../../../src/spool/dedup/dedup.ts';
import type { StoredRunKey } from '../../../src/spool/log/format.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { copied, filesOf, smallSpool, swiftDirectory } from '../small-spool.ts';

const quarterMs = 900_000;
const run = (index: number): StoredRunKey => ({
  lo: Math.imul(index, 0x9e37_79b1) >>> 0,
  hi: Math.imul(index, 0x85eb_ca6b) >>> 0 || 1,
  digest: index,
});

/** A table with room for little more than one quarter of an hour that is given 20,000 runs in each of six quarters of an hour. */
async function overfull(t: ExecutionContext) {
  const clock = movableClock();
  const dedup = new Dedup({ directory: await swiftDirectory(t), clock, maxBytes: 1_000_000, previousEndMs: undefined });
  for (let quarter = 0; quarter < 6; quarter += 1) {
    for (let index = 0; index < 20_000; index += 1) dedup.add(run(quarter * 20_000 + index), 1);
    await clock.advance(quarterMs);
  }
  return { dedup, clock };
}

test('when the bytes are too many the oldest quarters of an hour go, and the status tells how long runs are remembered', async (t) => {
  const { dedup } = await overfull(t);
  t.deepEqual([dedup.look(run(1)), dedup.look(run(119_999))], ['new', 'duplicate']);
  const { windowMs, bytes, maxBytes } = dedup.status();
  t.true(windowMs < 5 * quarterMs && windowMs >= quarterMs, `${windowMs}`);
  t.is(maxBytes, 1_000_000);
  t.true(bytes < 2_200_000, `${bytes}`);
});

test('of a table that is too large no more goes than was needed, however often it is tidied meanwhile', async (t) => {
  const clock = movableClock();
  const dedup = new Dedup({ directory: await swiftDirectory(t), clock, maxBytes: 400_000, previousEndMs: undefined });
  for (let quarter = 0; quarter < 5; quarter += 1) {
    for (let index = 0; index < 4000; index += 1) dedup.add(run(quarter * 4000 + index), 1);
    await clock.advance(quarterMs);
  }
  t.true(dedup.status().bytes > 400_000, `${dedup.status().bytes}`);
  for (let round = 0; round < 20; round += 1) await dedup.tidy();
  t.is(dedup.look(run(19_999)), 'duplicate');
});

test('below its bound the status tells of two hours', async (t) => {
  const dedup = new Dedup({
    directory: await swiftDirectory(t),
    clock: movableClock(),
    maxBytes: 1 << 20,
    previousEndMs: undefined,
  });
  dedup.add(run(1), 1);
  t.like(dedup.status(), { runs: 1, windowMs: 7_200_000 });
});

const push = (number: number, atMs?: number) =>
  [points(1, number), { run: { key: `${number}`, digest: 'a', ...(atMs !== undefined && { atMs }) } }] as const;

test('runs are known again after a stop and after a kill, also those whose segments are gone', async (t) => {
  const directory = await swiftDirectory(t);
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock });
  for (let number = 1; number <= 60; number += 1) await spool.append(...push(number));
  for (let round = 0; round < 3; round += 1) {
    await spool.tidy();
    await spool.append(...push(61 + round));
  }
  t.false(filesOf(directory, 'segment').includes('000000000001.segment'));
  const killed = await copied(t, directory);
  await spool.close();
  for (const each of [killed, directory]) {
    const later = await smallSpool(t, each, { clock });
    for (let number = 1; number <= 63; number += 1) t.is(await later.append(...push(number)), 'duplicate', `${number}`);
    t.is(await later.append(...push(64)), 'stored');
  }
});

test('after a start a run of before it waits until the keys are read, and one that is younger does not', async (t) => {
  const directory = await swiftDirectory(t);
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock });
  await spool.append(...push(1));
  await spool.close();
  const dedup = new Dedup({ directory, clock, maxBytes: 1 << 20, previousEndMs: clock.now() });
  const reading = dedup.read();
  t.deepEqual(
    [undefined, clock.now(), clock.now() + 600_000].map((atMs) => dedup.readyFor(atMs) !== undefined),
    [true, true, true],
  );
  t.is(dedup.readyFor(clock.now() + 600_001), undefined);
  await reading;
  t.is(dedup.readyFor(clock.now()), undefined);
  const later = await smallSpool(t, directory, { clock });
  t.deepEqual(await Promise.all([later.append(...push(1, clock.now())), later.append(...push(1))]), [
    'duplicate',
    'duplicate',
  ]);
});

test('a file of keys that is cut or missing costs no more than the keys in it', async (t) => {
  const directory = await swiftDirectory(t);
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock });
  for (let number = 1; number <= 60; number += 1) await spool.append(...push(number));
  await spool.close();
  const keys = filesOf(directory, 'keys');
  t.true(keys.length > 3);
  truncateSync(join(directory, keys[0] as string), 16 * 3 + 5);
  rmSync(join(directory, keys[1] as string));
  const later = await smallSpool(t, directory, { clock });
  const outcomes = await Promise.all(Array.from({ length: 60 }, (_, index) => later.append(...push(index + 1))));
  t.deepEqual(outcomes.slice(0, 3), ['duplicate', 'duplicate', 'duplicate']);
  t.deepEqual(new Set(outcomes.slice(-15)), new Set(['duplicate']));
  t.true(outcomes.includes('stored'));
});
