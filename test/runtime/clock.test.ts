// The clocks of the machine.

import test from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';

test('a sleep never ends early', async (t) => {
  const clock = systemClock();
  for (let tenth = 0; tenth < 40; tenth += 1) {
    const ms = 2 + tenth / 10;
    const fromMs = clock.steady();
    await clock.sleep(ms);
    t.true(clock.steady() - fromMs >= ms, `${clock.steady() - fromMs} ms instead of ${ms}`);
  }
});

test('a sleep rejects with the reason of its signal', async (t) => {
  const stop = new AbortController();
  const sleeping = systemClock().sleep(60_000, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await t.throwsAsync(sleeping, { message: 'enough' });
});
