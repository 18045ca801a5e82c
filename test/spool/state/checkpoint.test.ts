// Recovery with checkpoints that are older or newer than the log, damaged or missing: missing records are counted.

import test, { type ExecutionContext } from 'ava';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Spool } from '../../../src/spool/spool.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { movableClock } from '../../fakes/time.ts';
import {
  copied,
  drained,
  filesOf,
  finishNext,
  integers,
  numbersOfPoints,
  push,
  recordingWrite,
  rejection,
  run,
  smallSpool,
  memoryDirectory,
  type WrittenGroup,
} from '../small-spool.ts';

const pushRuns = (spool: Spool, from: number, through: number) =>
  push(spool, from, through, (number) => run(`${number}`));

/** A killed spool with two checkpoints: points 1 to 60, of which 1 to 10 are finished, a letter, something parked. */
async function withTwoCheckpoints(t: ExecutionContext) {
  const directory = await memoryDirectory(t);
  const groups: WrittenGroup[] = [];
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock, write: recordingWrite(groups) });
  const reader = await spool.reader('tsdb');
  await pushRuns(spool, 1, 20);
  await finishNext(reader, { letters: [rejection('{}')] });
  await spool.tidy();
  await pushRuns(spool, 21, 40);
  await spool.append([], { parked: { waitsFor: '312', payload: '{}' } });
  await spool.tidy();
  const atCheckpoint = groups.length;
  await pushRuns(spool, 41, 60);
  return { directory: await copied(t, directory), groups, atCheckpoint };
}

async function contents(t: ExecutionContext, directory: string) {
  const spool = await smallSpool(t, directory);
  const numbers = numbersOfPoints(await drained(await spool.reader('tsdb')));
  return {
    spool,
    numbers,
    letters: everyLetter(spool.deadLetters).map(({ times }) => times),
    parked: spool.parking.waitingFor('312', 9).length,
    lost: spool.lost(),
  };
}

test('the log is replayed from an older checkpoint', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  t.like(await contents(t, directory), {
    numbers: integers(11, 60),
    letters: [1],
    parked: 1,
    lost: { records: 0, uncounted: 0 },
  });
});

test('a checkpoint that is damaged anywhere is not used, and the log is replayed from the previous one', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  const bytes = readFileSync(join(directory, 'checkpoint'));
  for (let at = 0; at < bytes.length; at += 61) {
    const copy = await copied(t, directory);
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 4;
    writeFileSync(join(copy, 'checkpoint'), damaged);
    const { spool, ...found } = await contents(t, copy);
    t.like(
      found,
      { numbers: integers(11, 60), letters: [1], parked: 1, lost: { records: 0, uncounted: 0 } },
      `at ${at}`,
    );
    await spool.close();
  }
});

test('a truncated checkpoint is not used', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  const { length } = readFileSync(join(directory, 'checkpoint'));
  for (const left of [0, 1, 15, 16, 17, length >> 1, length - 1]) {
    const copy = await copied(t, directory);
    truncateSync(join(copy, 'checkpoint'), left);
    t.deepEqual((await contents(t, copy)).numbers, integers(11, 60), `${left} bytes`);
  }
});

function spoil(directory: string, how: 'missing' | 'damaged'): void {
  for (const file of ['checkpoint', 'checkpoint.former']) {
    if (how === 'missing') rmSync(join(directory, file));
    else writeFileSync(join(directory, file), 'x');
  }
}

for (const how of ['missing', 'damaged'] as const) {
  test(`without checkpoints (${how}) all segments are replayed`, async (t) => {
    const { directory } = await withTwoCheckpoints(t);
    spoil(directory, how);
    t.like(await contents(t, directory), {
      numbers: integers(11, 60),
      letters: [1],
      parked: 1,
      lost: { records: 0, uncounted: 0 },
    });
  });

  test(`without checkpoints (${how}) a sink continues at its position, also after segments were recycled`, async (t) => {
    const directory = await memoryDirectory(t);
    const clock = movableClock();
    const spool = await smallSpool(t, directory, { clock });
    const reader = await spool.reader('tsdb');
    await pushRuns(spool, 1, 60);
    await drained(reader);
    await clock.advance(50);
    for (let round = 0; round < 3; round += 1) {
      await spool.tidy();
      await pushRuns(spool, 61 + round * 30, 90 + round * 30);
    }
    t.false(filesOf(directory, 'segment').includes('000000000001.segment'));
    const killed = await copied(t, directory);
    spoil(killed, how);
    t.deepEqual((await contents(t, killed)).numbers, integers(61, 150));
  });
}

test('a damaged checkpoint does not replace the readable previous one', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  copyFileSync(join(directory, 'checkpoint'), join(directory, 'checkpoint.former'));
  writeFileSync(join(directory, 'checkpoint'), 'x');
  const former = readFileSync(join(directory, 'checkpoint.former'));
  const spool = await smallSpool(t, directory);
  await pushRuns(spool, 61, 61);
  await spool.tidy();
  t.true(existsSync(join(directory, 'checkpoint')));
  t.deepEqual(readFileSync(join(directory, 'checkpoint.former')), former);
});

test('records that a checkpoint knows and the log lacks are counted as lost', async (t) => {
  const { directory, groups, atCheckpoint } = await withTwoCheckpoints(t);
  const known = groups.slice(0, atCheckpoint);
  const last = known.at(-1) as WrittenGroup;
  for (const back of [1, 2, 3, 5]) {
    const cut = known.at(-back) as WrittenGroup;
    if (cut.name !== last.name) continue;
    const copy = await copied(t, directory);
    for (const name of filesOf(copy, 'segment').filter((each) => each > last.name)) rmSync(join(copy, name));
    truncateSync(join(copy, last.name), cut.at);
    const { spool, numbers, lost } = await contents(t, copy);
    t.deepEqual(numbers, integers(11, 10 + numbers.length), `${back} groups`);
    t.is(numbers.length + lost.records, 30, `${back} groups`);
    t.is(lost.points, lost.records);
    await pushRuns(spool, 1001, 1002);
    await spool.close();
    t.deepEqual((await contents(t, copy)).numbers, [1001, 1002]);
  }
});

test('deleted segments are counted as lost, and later ones are read', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  const all = filesOf(directory, 'segment');
  for (const missing of [[0], [1], [2], [all.length - 1], [0, 1], all.map((_, index) => index)]) {
    const copy = await copied(t, directory);
    for (const index of missing) rmSync(join(copy, all[index] as string));
    const { spool, numbers, lost } = await contents(t, copy);
    // The records of the last segment are in no checkpoint: their number is unknown.
    if (!missing.includes(all.length - 1)) t.is(numbers.length + lost.records, 50, `${missing.join()} missing`);
    t.is(lost.points, lost.records, `${missing.join()} missing`);
    await pushRuns(spool, 1001, 1001);
    await spool.tidy();
    await spool.tidy();
    await spool.close();
    t.deepEqual((await contents(t, copy)).numbers, [1001], `${missing.join()} missing`);
  }
});
