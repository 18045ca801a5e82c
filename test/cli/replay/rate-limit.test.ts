// The rate limit of a replay, on a clock that the test moves.

import test from 'ava';
import { setMaxListeners } from 'node:events';
import { rateLimit } from '../../../src/cli/replay/rate-limit.ts';
import { movableClock } from '../../fakes/time.ts';

const never = new AbortController().signal;
setMaxListeners(0, never);

test('runs start at the rate', async (t) => {
  const clock = movableClock();
  const limit = rateLimit(clock, 10);
  const startedAtMs: number[] = [];
  for (let call = 0; call < 41; call += 1) void limit(never).then(() => startedAtMs.push(clock.steady()));
  await clock.advance(0);
  await clock.advance(10_000);
  t.deepEqual(
    startedAtMs,
    Array.from({ length: 41 }, (_, call) => call * 100),
  );
});

test('after a pause the runs of at most a tenth of a second start at once', async (t) => {
  const clock = movableClock();
  const limit = rateLimit(clock, 100);
  await limit(never);
  await clock.advance(60_000);
  let started = 0;
  for (let call = 0; call < 100; call += 1) void limit(never).then(() => (started += 1));
  await clock.advance(0);
  t.is(started, 11);
});

test('without a rate no run waits, and a signal ends the wait', async (t) => {
  const clock = movableClock();
  const unlimited = rateLimit(clock, undefined);
  for (let call = 0; call < 1000; call += 1) await unlimited(never);
  const stop = new AbortController();
  const slow = rateLimit(clock, 0.001);
  await slow(stop.signal);
  const waiting = slow(stop.signal);
  stop.abort();
  await t.throwsAsync(waiting, { any: true, name: 'AbortError' });
});
