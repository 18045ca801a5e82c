// Checkpoints that are older or newer than the log, damaged, or not there: what waits is read all the same, and what is missing is counted.

import test, { type ExecutionContext } from 'ava';
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Spool } from '../../../src/spool/spool.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import {
  copied,
  drained,
  filesOf,
  nothing,
  numbersOfPoints,
  recordingWrite,
  smallSpool,
  swiftDirectory,
  type WrittenGroup,
} from '../small-spool.ts';

const files = ['checkpoint', 'checkpoint.former'] as const;

async function push(spool: Spool, from: number, through: number): Promise<void> {
  for (let number = from; number <= through; number += 1)
    await spool.append(points(1, number), { run: { key: `${number}`, digest: 'a' } });
}

const upTo = (from: number, through: number): number[] =>
  Array.from({ length: through - from + 1 }, (_, index) => from + index);

/** A spool with two checkpoints and some behind them: points 1 to 60 of which 1 to 10 are finished, a letter, something parked. Killed. */
async function withTwoCheckpoints(t: ExecutionContext) {
  const directory = await swiftDirectory(t);
  const groups: WrittenGroup[] = [];
  const clock = movableClock();
  const spool = await smallSpool(t, directory, { clock, write: recordingWrite(groups) });
  const reader = await spool.reader('tsdb');
  await push(spool, 1, 20);
  const batch = reader.next(10);
  await reader.finish(batch as NonNullable<typeof batch>, {
    ...nothing,
    letters: [{ kind: 'rejected', reason: 'no', raw: '{}', sink: 'tsdb' }],
  });
  await spool.tidy();
  await push(spool, 21, 40);
  await spool.append([], { parked: { waitsFor: '312', payload: '{}' } });
  await spool.tidy();
  const atCheckpoint = groups.length;
  await push(spool, 41, 60);
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

test('a checkpoint that is older than the log is gone on from', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  t.like(await contents(t, directory), {
    numbers: upTo(11, 60),
    letters: [1],
    parked: 1,
    lost: { records: 0, uncounted: 0 },
  });
});

test('of a checkpoint that is damaged anywhere nothing is taken, and the former one is gone on from', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  const bytes = readFileSync(join(directory, 'checkpoint'));
  for (let at = 0; at < bytes.length; at += 61) {
    const copy = await copied(t, directory);
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 4;
    writeFileSync(join(copy, 'checkpoint'), damaged);
    const { spool, ...found } = await contents(t, copy);
    t.like(found, { numbers: upTo(11, 60), letters: [1], parked: 1, lost: { records: 0, uncounted: 0 } }, `at ${at}`);
    await spool.close();
  }
});

test('a checkpoint that is cut at any length is not taken', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  const { length } = readFileSync(join(directory, 'checkpoint'));
  for (const left of [0, 1, 15, 16, 17, length >> 1, length - 1]) {
    const copy = await copied(t, directory);
    truncateSync(join(copy, 'checkpoint'), left);
    t.deepEqual((await contents(t, copy)).numbers, upTo(11, 60), `${left} bytes`);
  }
});

for (const how of ['missing', 'damaged']) {
  test(`where both checkpoints are ${how} the segments are read whole`, async (t) => {
    const { directory } = await withTwoCheckpoints(t);
    for (const file of files) {
      if (how === 'missing') rmSync(join(directory, file));
      else writeFileSync(join(directory, file), 'x');
    }
    t.like(await contents(t, directory), {
      numbers: upTo(11, 60),
      letters: [1],
      parked: 1,
      lost: { records: 0, uncounted: 0 },
    });
  });

  test(`where both checkpoints are ${how} a sink goes on where it was, also where segments were used again meanwhile`, async (t) => {
    const directory = await swiftDirectory(t);
    const clock = movableClock();
    const spool = await smallSpool(t, directory, { clock });
    const reader = await spool.reader('tsdb');
    await push(spool, 1, 60);
    await drained(reader);
    await clock.advance(50);
    for (let round = 0; round < 3; round += 1) {
      await spool.tidy();
      await push(spool, 61 + round * 30, 90 + round * 30);
    }
    t.false(filesOf(directory, 'segment').includes('000000000001.segment'));
    const killed = await copied(t, directory);
    for (const file of files) {
      if (how === 'missing') rmSync(join(killed, file));
      else writeFileSync(join(killed, file), 'x');
    }
    t.deepEqual((await contents(t, killed)).numbers, upTo(61, 150));
  });
}

test('a damaged checkpoint does not take the place of the former one that can be read', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  copyFileSync(join(directory, 'checkpoint'), join(directory, 'checkpoint.former'));
  writeFileSync(join(directory, 'checkpoint'), 'x');
  const former = readFileSync(join(directory, 'checkpoint.former'));
  const spool = await smallSpool(t, directory);
  await push(spool, 61, 61);
  await spool.tidy();
  t.true(existsSync(join(directory, 'checkpoint')));
  t.deepEqual(readFileSync(join(directory, 'checkpoint.former')), former);
});

test('what the log lacks that a checkpoint knows was durable is counted as lost, and the log goes on', async (t) => {
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
    t.deepEqual(numbers, upTo(11, 10 + numbers.length), `${back} groups`);
    t.is(numbers.length + lost.records, 30, `${back} groups`);
    t.is(lost.points, lost.records);
    await push(spool, 1001, 1002);
    await spool.close();
    t.deepEqual((await contents(t, copy)).numbers, [1001, 1002]);
  }
});

test('segments that are deleted are counted as lost with their points, those behind them are read, and nothing throws', async (t) => {
  const { directory } = await withTwoCheckpoints(t);
  const all = filesOf(directory, 'segment');
  for (const gone of [[0], [1], [2], [all.length - 1], [0, 1], all.map((_, index) => index)]) {
    const copy = await copied(t, directory);
    for (const index of gone) rmSync(join(copy, all[index] as string));
    const { spool, numbers, lost } = await contents(t, copy);
    // Of those that no checkpoint knows nothing is left that could tell of them.
    if (!gone.includes(all.length - 1)) t.is(numbers.length + lost.records, 50, `${gone.join()} gone`);
    t.is(lost.points, lost.records, `${gone.join()} gone`);
    await push(spool, 1001, 1001);
    await spool.tidy();
    await spool.tidy();
    await spool.close();
    t.deepEqual((await contents(t, copy)).numbers, [1001], `${gone.join()} gone`);
  }
});
