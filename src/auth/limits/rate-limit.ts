// A token bucket per sender.

import type { Clock } from '../../runtime/clock.ts';

interface RateLimitOptions {
  /** Capacity of a bucket. */
  readonly burst: number;
  /** Time until one more attempt is allowed. */
  readonly refillMs: number;
  readonly clock: Pick<Clock, 'steady'>;
}

/** Above this number the bucket that was used longest ago is dropped. */
const maxSenders = 10_000;

/** Returns a function that takes one attempt from the sender's bucket: 0, or the wait in ms until there is one. */
export function rateLimit({ burst, refillMs, clock }: RateLimitOptions): (sender: string) => number {
  /** Steady time at which each bucket is full again, the one that was used longest ago first. */
  const fullAtMs = new Map<string, number>();
  return (sender) => {
    const nowMs = clock.steady();
    const nextMs = Math.max(fullAtMs.get(sender) ?? 0, nowMs) + refillMs;
    const waitMs = nextMs - nowMs - burst * refillMs;
    if (waitMs > 0) return waitMs;
    fullAtMs.delete(sender);
    fullAtMs.set(sender, nextMs);
    if (fullAtMs.size > maxSenders) fullAtMs.delete(fullAtMs.keys().next().value as string);
    return 0;
  };
}
