// Which ends of earlier runs are a cause to verify the store, and which are not.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beginRun } from '../../src/spool/last-run.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

const fileIn = async (t: ExecutionContext): Promise<string> => join(await temporaryDirectory(t), 'state', 'last-run.json');

test('a run that is killed once is no cause, one that is killed twice soon after its start is', async (t) => {
  const file = await fileIn(t);
  t.deepEqual([beginRun(file).cause, beginRun(file).cause], [undefined, undefined]);
  t.is(beginRun(file).cause, 'the last 2 runs ended without a stop soon after they had started');
});

test('runs that stopped as they should, or went on for a while, do not count', async (t) => {
  const file = await fileIn(t);
  for (const end of ['stopped', 'settled', 'stopped', 'settled'] as const) {
    beginRun(file);
    const run = beginRun(file);
    t.is(run.cause, undefined);
    run[end]();
  }
});

test('early ends that damage did not explain are a cause more and more seldom', async (t) => {
  const file = await fileIn(t);
  const causes: number[] = [];
  for (let start = 1; start <= 32; start += 1) {
    const run = beginRun(file);
    if (run.cause !== undefined) {
      causes.push(start);
      run.verified('sound');
    }
  }
  t.deepEqual(causes, [3, 7, 15, 31]);
});

test('a suspicion is a cause until the store was verified, whatever else happens', async (t) => {
  const file = await fileIn(t);
  const run = beginRun(file);
  run.suspect('the disk failed');
  run.settled();
  run.stopped();
  t.is(beginRun(file).cause, 'the disk failed');
  const third = beginRun(file);
  t.is(third.cause, 'the disk failed');
  third.verified('damaged');
  t.is(beginRun(file).cause, undefined);
});

test('a file that cannot be read says nothing', async (t) => {
  const file = await fileIn(t);
  beginRun(file);
  await writeFile(file, '{"earlyEnds":7,"isCau');
  t.is(beginRun(file).cause, undefined);
});
