// Segments are recycled only after a durable checkpoint, and mostly dead segments are compacted.

import test from 'ava';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Spool } from '../../../src/spool/spool.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import {
  copied,
  drained,
  filesOf,
  finishNext,
  integers,
  nothing,
  numbersOfPoints,
  push,
  recordingWrite,
  run,
  smallSpool,
  memoryDirectory,
  type WrittenGroup,
} from '../small-spool.ts';

const first = '000000000001.segment';

/** Writes two checkpoints, each followed by an append. */
async function twoCheckpoints(spool: Spool): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await spool.tidy();
    const { lastRecord } = await spool.status();
    await spool.append([], run(`${lastRecord} ${round}`));
  }
}

test('a segment that every sink has passed is recycled after the second checkpoint', async (t) => {
  const directory = await memoryDirectory(t);
  const spool = await smallSpool(t, directory);
  const reader = await spool.reader('tsdb');
  await push(spool, 1, 35);
  await drained(reader);
  const all = filesOf(directory, 'segment');
  // A checkpoint is due only after four.
  t.is(all.length, 3);
  await spool.append(points(1, 61));
  t.deepEqual(filesOf(directory, 'segment'), all, 'no checkpoint');
  await spool.tidy();
  t.deepEqual(filesOf(directory, 'segment'), all, 'one');
  await spool.append(points(1, 62));
  await spool.tidy();
  t.deepEqual(filesOf(directory, 'segment'), all.slice(-1), 'two');
  t.deepEqual(numbersOfPoints(await drained(reader)), [61, 62]);
});

test('a failed checkpoint recycles no segment', async (t) => {
  const directory = await memoryDirectory(t);
  const spool = await smallSpool(t, directory);
  const reader = await spool.reader('tsdb');
  await push(spool, 1, 60);
  await spool.tidy();
  await drained(reader);
  await spool.append(points(1, 61));
  const all = filesOf(directory, 'segment');
  mkdirSync(join(directory, 'checkpoint.new'));
  await spool.tidy();
  t.like(await spool.failed, { name: 'DiskFailed' });
  t.deepEqual(filesOf(directory, 'segment'), all);
});

test('a segment stays while it has a live letter, sample, parked measurement or retry', async (t) => {
  const directory = await memoryDirectory(t);
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock });
  const reader = await spool.reader('tsdb');
  await spool.reader('other');
  await spool.append(points(1, 1), { deadLetter: { kind: 'implausible-time', reason: 'no', raw: '{}' } });
  await push(spool, 2, 15);
  await spool.append([], { parked: { waitsFor: '312', payload: '{}' } });
  await push(spool, 16, 30);
  spool.samples.take({ body: Buffer.from('sample'), reason: 'no', from: '203.0.113.9' });
  await push(spool, 31, 45);
  await finishNext(reader, { kept: points(1, 1) }, 1);
  const holding = filesOf(directory, 'segment').length;
  /** Writes two checkpoints without compaction. Returns the remaining segments with live entries. */
  async function check(from: number): Promise<string[]> {
    await push(spool, from, from + 30);
    await drained(reader);
    for (let round = 0; round < 2; round += 1) await spool.drop('other');
    return filesOf(directory, 'segment').filter((name) => Number(name.slice(0, 12)) <= holding);
  }
  t.is(holding, 4);
  t.is((await check(100)).length, 4);
  const [letter, sample] = [
    everyLetter(spool.deadLetters)[0]?.id as string,
    everyLetter(spool.samples)[0]?.id as string,
  ];
  await spool.dropLetters([letter]);
  t.is((await check(200)).length, 3);
  await spool.append([], { completes: spool.parking.waitingFor('312', 1)[0]?.id as string });
  t.is((await check(300)).length, 2);
  await spool.dropLetters([sample]);
  t.is((await check(400)).length, 1);
  const retry = reader.nextRetry();
  await reader.finishRetry(retry as NonNullable<typeof retry>, nothing);
  t.is((await check(500)).length, 0);
});

test('a segment stays while a sink waits for it, also a removed one', async (t) => {
  const directory = await memoryDirectory(t);
  const clock = movableClock();
  const before = await smallSpool(t, directory, { clock });
  await before.reader('gone');
  await push(before, 1, 5);
  await before.close();
  const spool = await smallSpool(t, directory, { clock });
  const reader = await spool.reader('tsdb');
  await spool.markRemovedSinks();
  await push(spool, 6, 60);
  for (let round = 0; round < 2; round += 1) {
    await drained(reader);
    await twoCheckpoints(spool);
  }
  t.true(filesOf(directory, 'segment').includes(first));
  t.false(
    filesOf(directory, 'segment').includes('000000000003.segment'),
    'later records are not held for a removed sink',
  );
  await clock.advance(8 * 86_400_000);
  await twoCheckpoints(spool);
  await twoCheckpoints(spool);
  t.false(filesOf(directory, 'segment').includes(first));
});

test('mostly dead segments are compacted: nothing is lost or counted twice, and they are recycled', async (t) => {
  const directory = await memoryDirectory(t);
  const clock = movableClock();
  let spool = await smallSpool(t, directory, { clock });
  let reader = await spool.reader('tsdb');
  for (let round = 0; round < 12; round += 1) {
    await spool.append(points(1, round * 20), {
      deadLetter: { kind: 'implausible-time', reason: 'no', raw: `${round % 6}` },
    });
    await spool.append(points(1, round * 20 + 1), { parked: { waitsFor: `${round % 4}`, payload: `${round}` } });
    await finishNext(reader, { kept: points(1, 5000 + round) }, 1);
    await push(spool, round * 20 + 2, round * 20 + 19);
  }
  await drained(reader);
  const contents = () => ({
    letters: everyLetter(spool.deadLetters).map(({ raw, times }) => [raw, times]),
    parked: spool.parking
      .waitedFor()
      .toSorted()
      .map((node) =>
        spool.parking
          .waitingFor(node, 99)
          .map(({ payload }) => payload)
          .toSorted(),
      ),
    retried: spool.parking.count() + reader.backlog().points,
  });
  const wanted = contents();
  t.deepEqual(
    wanted.letters,
    ['0', '1', '2', '3', '4', '5'].map((raw) => [raw, 2]),
  );
  const compacted = filesOf(directory, 'segment');
  for (let round = 0; round < 4; round += 1) {
    await twoCheckpoints(spool);
    t.deepEqual(contents(), wanted);
    if (round % 2 === 0) await spool.close();
    else await clock.advance(50);
    // Stopped, or killed.
    const next = round % 2 === 0 ? directory : await copied(t, directory);
    const later = await smallSpool(t, next, { clock });
    const laterReader = await later.reader('tsdb');
    if (next === directory) [spool, reader] = [later, laterReader];
    t.deepEqual(
      everyLetter(later.deadLetters).map(({ raw, times }) => [raw, times]),
      wanted.letters,
    );
    t.is(later.parking.count() + laterReader.backlog().points, wanted.retried);
  }
  t.true(
    filesOf(directory, 'segment').filter((name) => compacted.includes(name)).length <= 1,
    `${compacted.length} before, ${filesOf(directory, 'segment').length} now`,
  );
  const retried: number[] = [];
  for (let retry = reader.nextRetry(); retry !== undefined; retry = reader.nextRetry())
    retried.push(...numbersOfPoints(retry.points));
  t.deepEqual(
    retried.toSorted((a, b) => a - b),
    integers(5000, 5011),
  );
  t.deepEqual(spool.lost(), { records: 0, points: 0, retries: 0, parked: 0, deadLetters: 0, uncounted: 0 });
});

test('a missing segment with letters does not stop compaction, and its letters are counted as lost', async (t) => {
  const directory = await memoryDirectory(t);
  const spool = await smallSpool(t, directory);
  const reader = await spool.reader('tsdb');
  await spool.append(points(1, 1), { deadLetter: { kind: 'implausible-time', reason: 'no', raw: '{}' } });
  await push(spool, 2, 40);
  await drained(reader);
  await spool.close();
  for (const name of filesOf(directory, 'segment').slice(0, -1)) rmSync(join(directory, name));
  const later = await smallSpool(t, directory);
  await later.reader('tsdb');
  await t.notThrowsAsync(later.tidy());
  t.deepEqual([everyLetter(later.deadLetters), later.deadLetters.count(), later.lost().deadLetters], [[], 0, 1]);
});

test('segments that are recycled many times show no stale data, also after a kill', async (t) => {
  const directory = await memoryDirectory(t);
  const groups: WrittenGroup[] = [];
  const spool = await smallSpool(t, directory, { write: recordingWrite(groups) });
  const reader = await spool.reader('tsdb');
  for (let round = 0; round < 30; round += 1) {
    await push(spool, round * 10, round * 10 + 9);
    t.deepEqual(numbersOfPoints(await drained(reader)), integers(round * 10, round * 10 + 9));
    await spool.tidy();
    if (round % 5 !== 4) continue;
    const later = await smallSpool(t, await copied(t, directory));
    const again = numbersOfPoints(await drained(await later.reader('tsdb')));
    t.true(
      again.every((number) => number >= round * 10),
      'only points since the last checkpoint are delivered again',
    );
    t.deepEqual(later.lost().records, 0);
    await later.close();
  }
  t.true(new Set(groups.map(({ name }) => name)).size > 15);
  t.true(filesOf(directory, 'segment').length + filesOf(directory, 'spare').length <= 6);
});
