// So many pass a second, also after a pause, and with no rate at all everybody.

import test from 'ava';
import { setMaxListeners } from 'node:events';
import { rateLimit } from '../../../src/cli/replay/rate-limit.ts';
import { movableClock } from '../../fakes/time.ts';

const never = new AbortController().signal;
// Many wait at once.
setMaxListeners(0, never);

test('so many a second go, and no more', async (t) => {
  const clock = movableClock();
  const pace = rateLimit({ clock, rate: 10 });
  const wentAtMs: number[] = [];
  for (let call = 0; call < 41; call += 1) void pace(never).then(() => wentAtMs.push(clock.steady()));
  await clock.advance(0);
  await clock.advance(10_000);
  t.deepEqual(
    wentAtMs,
    Array.from({ length: 41 }, (_, call) => call * 100),
  );
});

test('after a pause at most a tenth of a second is made up for', async (t) => {
  const clock = movableClock();
  const pace = rateLimit({ clock, rate: 100 });
  await pace(never);
  await clock.advance(60_000);
  let went = 0;
  for (let call = 0; call < 100; call += 1) void pace(never).then(() => (went += 1));
  await clock.advance(0);
  t.is(went, 11);
});

test('without a rate nobody waits, and a signal ends the waiting', async (t) => {
  const clock = movableClock();
  const free = rateLimit({ clock, rate: undefined });
  for (let call = 0; call < 1000; call += 1) await free(never);
  const stop = new AbortController();
  const slow = rateLimit({ clock, rate: 0.001 });
  await slow(stop.signal);
  const waiting = slow(stop.signal);
  stop.abort();
  await t.throwsAsync(waiting, { any: true, name: 'AbortError' });
});
