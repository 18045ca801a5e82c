// The rate limit of a replay.

import type { Clock } from '../../runtime/clock.ts';

/** After a pause at most the runs of this time follow at once. */
const maxBurstMs = 100;

/** Each call resolves when the next run may start, in the order of the calls; without a rate at once. */
export function rateLimit(clock: Clock, rate: number | undefined): (signal: AbortSignal) => Promise<void> {
  if (rate === undefined) return async () => {};
  let nextMs = clock.steady();
  return async (signal) => {
    const nowMs = clock.steady();
    const startMs = Math.max(nextMs, nowMs - maxBurstMs);
    nextMs = startMs + 1000 / rate;
    if (startMs > nowMs) await clock.sleep(startMs - nowMs, { signal });
  };
}
