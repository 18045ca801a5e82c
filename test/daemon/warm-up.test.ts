// The modules of the warm-up exist, and a failure to load one is logged.

import test from 'ava';
import { warmUp } from '../../src/daemon/warm-up.ts';
import { readLog } from '../fakes/log.ts';

test('every module can be loaded', async (t) => {
  const { log, lines } = readLog();
  await warmUp(log);
  t.deepEqual(lines(), []);
});

test('a module that fails to load is logged, and the next one is loaded', async (t) => {
  const { log, lines } = readLog();
  const loaded: string[] = [];
  await warmUp(log, [() => Promise.reject(new Error('it is not there')), async () => loaded.push('next')]);
  t.deepEqual(lines(), [{ reason: 'it is not there', msg: 'a part of the program cannot be read in' }]);
  t.deepEqual(loaded, ['next']);
});
