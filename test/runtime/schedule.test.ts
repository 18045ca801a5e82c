// Tasks at intervals.

import test from 'ava';
import { silentLog } from '../../src/runtime/log.ts';
import { schedule } from '../../src/runtime/schedule.ts';
import { movableClock } from '../fakes/time.ts';

test('a task runs at each interval until the signal, also after an error', async (t) => {
  const clock = movableClock();
  const stop = new AbortController();
  let runs = 0;
  const task = async (): Promise<void> => {
    runs += 1;
    if (runs === 1) throw new Error('the first run fails');
  };
  const scheduled = schedule('count', task, { everyMs: 1000, clock, log: silentLog(), signal: stop.signal });
  await clock.advance(999);
  t.is(runs, 0);
  await clock.advance(1);
  t.is(runs, 1);
  await clock.advance(2000);
  t.is(runs, 3);
  stop.abort();
  await scheduled;
  await clock.advance(5000);
  t.is(runs, 3);
});
