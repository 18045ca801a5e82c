// A repeated log line is throttled.

import test from 'ava';
import { logThrottle } from '../../src/runtime/log-throttle.ts';
import { movableClock } from '../fakes/time.ts';

test('the first event is logged at once, later ones once a minute with their count', async (t) => {
  const clock = movableClock();
  const logged: number[] = [];
  const throttle = logThrottle(clock);
  for (let minute = 0; minute < 3; minute += 1) {
    for (let times = 0; times < 5; times += 1) throttle((count) => logged.push(count));
    await clock.advance(60_000);
  }
  throttle((count) => logged.push(count));
  t.deepEqual(logged, [1, 5, 5, 5]);
});
