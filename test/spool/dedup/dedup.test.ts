// Deduplication of the runs of the last two hours, within a memory bound and over restarts.

import test, { type ExecutionContext } from 'ava';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Dedup } from '../../../src/spool/dedup/dedup.ts';
import type { StoredRunKey } from '../../../src/spool/log/format.ts';
import type { Spool } from '../../../src/spool/spool.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { copied, filesOf, memoryDirectory, push, run, smallSpool } from '../small-spool.ts';

const quarterMs = 900_000;
const key = (index: number): StoredRunKey => ({
  lo: Math.imul(index, 0x9e37_79b1) >>> 0,
  hi: Math.imul(index, 0x85eb_ca6b) >>> 0 || 1,
  digest: index,
});

/** Adds so many runs in each quarter of an hour. */
async function filled(t: ExecutionContext, { quarters = 6, perQuarter = 20_000, maxBytes = 1_000_000 }) {
  const clock = movableClock();
  const dedup = new Dedup({ directory: await memoryDirectory(t), clock, maxBytes, previousEndMs: undefined });
  for (let quarter = 0; quarter < quarters; quarter += 1) {
    for (let index = 0; index < perQuarter; index += 1) dedup.add(key(quarter * perQuarter + index), 1);
    await clock.advance(quarterMs);
  }
  return dedup;
}

test('above the memory bound the oldest quarters of an hour are forgotten, and the status has the shorter window', async (t) => {
  const dedup = await filled(t, {});
  t.deepEqual([dedup.look(key(1)), dedup.look(key(119_999))], ['new', 'duplicate']);
  const { windowMs, bytes, maxBytes } = dedup.status();
  t.true(windowMs < 5 * quarterMs && windowMs >= quarterMs, `${windowMs}`);
  t.is(maxBytes, 1_000_000);
  t.true(bytes < 2_200_000, `${bytes}`);
});

test('repeated tidying of a table above the bound forgets no more than necessary', async (t) => {
  const dedup = await filled(t, { quarters: 5, perQuarter: 4000, maxBytes: 400_000 });
  t.true(dedup.status().bytes > 400_000, `${dedup.status().bytes}`);
  for (let round = 0; round < 20; round += 1) await dedup.tidy();
  t.is(dedup.look(key(19_999)), 'duplicate');
});

test('below the bound the window is two hours', async (t) => {
  const dedup = await filled(t, { quarters: 1, perQuarter: 1 });
  t.like(dedup.status(), { runs: 1, windowMs: 7_200_000 });
});

const delivery = (number: number, atMs?: number) =>
  [points(1, number), { run: { key: `${number}`, digest: 'a', ...(atMs !== undefined && { atMs }) } }] as const;
const pushRuns = (spool: Spool, from: number, through: number) =>
  push(spool, from, through, (number) => run(`${number}`));

test('runs are known after a stop and after a kill, also those of recycled segments', async (t) => {
  const directory = await memoryDirectory(t);
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock });
  await pushRuns(spool, 1, 60);
  for (let round = 0; round < 3; round += 1) {
    await spool.tidy();
    await spool.append(...delivery(61 + round));
  }
  t.false(filesOf(directory, 'segment').includes('000000000001.segment'));
  const killed = await copied(t, directory);
  await spool.close();
  for (const each of [killed, directory]) {
    const later = await smallSpool(t, each, { clock });
    for (let number = 1; number <= 63; number += 1)
      t.is(await later.append(...delivery(number)), 'duplicate', `${number}`);
    t.is(await later.append(...delivery(64)), 'stored');
  }
});

test('after a start an old run waits until the keys are read, a young one does not', async (t) => {
  const directory = await memoryDirectory(t);
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock });
  await spool.append(...delivery(1));
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
  t.deepEqual(await Promise.all([later.append(...delivery(1, clock.now())), later.append(...delivery(1))]), [
    'duplicate',
    'duplicate',
  ]);
});

test('a truncated or missing keys file loses only its own keys', async (t) => {
  const directory = await memoryDirectory(t);
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock });
  await pushRuns(spool, 1, 60);
  await spool.close();
  const keys = filesOf(directory, 'keys');
  t.true(keys.length > 3);
  truncateSync(join(directory, keys[0] as string), 16 * 3 + 5);
  rmSync(join(directory, keys[1] as string));
  const later = await smallSpool(t, directory, { clock });
  const outcomes = await Promise.all(Array.from({ length: 60 }, (_, index) => later.append(...delivery(index + 1))));
  t.deepEqual(outcomes.slice(0, 3), ['duplicate', 'duplicate', 'duplicate']);
  t.deepEqual(new Set(outcomes.slice(-15)), new Set(['duplicate']));
  t.true(outcomes.includes('stored'));
});
