// Lets so many pass a second.

import type { Clock } from '../../runtime/clock.ts';

/** What was missed while nobody came is not made up for beyond this. */
const maxBurstMs = 100;

/** Resolves when the next may go, in the order of the calls; at once without a rate. */
export function rateLimit({
  clock,
  rate,
}: {
  readonly clock: Clock;
  readonly rate: number | undefined;
}): (signal: AbortSignal) => Promise<void> {
  let nextMs = clock.steady();
  return async (signal) => {
    if (rate === undefined) return;
    const nowMs = clock.steady();
    const mineMs = Math.max(nextMs, nowMs - maxBurstMs);
    nextMs = mineMs + 1000 / rate;
    if (mineMs > nowMs) await clock.sleep(mineMs - nowMs, { signal });
  };
}
