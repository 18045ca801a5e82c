// The rate limit of the simulated REST APIs: Catchpoint's default limits per consumer, over sliding windows.

import type { Clock } from '../../runtime/clock.ts';

const secondMs = 1000;
const dayMs = 86_400_000;
const limits = [
  { calls: 7, perMs: secondMs },
  { calls: 20, perMs: 60 * secondMs },
  { calls: 500, perMs: 3600 * secondMs },
  { calls: 2000, perMs: dayMs },
];

/** Counts a call. Returns undefined if it is allowed, otherwise the ms until the next one is. */
export type RateLimit = (consumer: string) => number | undefined;

export function rateLimit(clock: Pick<Clock, 'now'>): RateLimit {
  const allowedAtMs = new Map<string, number[]>();
  return (consumer) => {
    const nowMs = clock.now();
    const times = (allowedAtMs.get(consumer) ?? []).filter((atMs) => atMs > nowMs - dayMs);
    allowedAtMs.set(consumer, times);
    const retryAfterMs = Math.max(...limits.map(({ calls, perMs }) => (times.at(-calls) ?? -Infinity) + perMs - nowMs));
    if (retryAfterMs > 0) return retryAfterMs;
    times.push(nowMs);
    return undefined;
  };
}
