// What happens often is said seldom.

import test from 'ava';
import { logThrottle } from '../../src/runtime/log-throttle.ts';
import { movableClock } from '../fakes/time.ts';

test('the first time is said at once, then once a minute with how often it was', async (t) => {
  const clock = movableClock();
  const said: number[] = [];
  const once = logThrottle(clock);
  for (let minute = 0; minute < 3; minute += 1) {
    for (let times = 0; times < 5; times += 1) once((count) => said.push(count));
    await clock.advance(60_000);
  }
  once((count) => said.push(count));
  t.deepEqual(said, [1, 5, 5, 5]);
});
