// What is read in once pushes are taken is there, and what is not is told.

import test from 'ava';
import { warmUp } from '../../src/daemon/warm-up.ts';
import { readLog } from '../fakes/log.ts';

test('everything that is needed soon can be read in', async (t) => {
  const { log, lines } = readLog();
  await warmUp(log);
  t.deepEqual(lines(), []);
});

test('a part that cannot be read in is told, and the next one is read in all the same', async (t) => {
  const { log, lines } = readLog();
  const read: string[] = [];
  await warmUp(log, [() => Promise.reject(new Error('it is not there')), async () => read.push('next')]);
  t.deepEqual(lines(), [{ reason: 'it is not there', msg: 'a part of the program cannot be read in' }]);
  t.deepEqual(read, ['next']);
});
