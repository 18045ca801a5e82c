// So many attempts a sender: a bucket of them each, which fills again with time.

import type { Clock } from '../../runtime/clock.ts';

export interface RateLimitOptions {
  /** How many at once. */
  readonly attempts: number;
  /** How long until one more is allowed. */
  readonly everyMs: number;
  readonly clock: Pick<Clock, 'steady'>;
}

/** Over so many senders those that came first are forgotten. */
const maxSenders = 10_000;

/** Takes one of a sender's attempts: 0, or how many ms until there is one again. */
export type RateLimit = (sender: string) => number;

export function rateLimit({ attempts, everyMs, clock }: RateLimitOptions): RateLimit {
  /** When the bucket of each will be full again, by the steady clock. */
  const fullAtMs = new Map<string, number>();
  return (sender) => {
    const nowMs = clock.steady();
    const nextMs = Math.max(fullAtMs.get(sender) ?? 0, nowMs) + everyMs;
    const overMs = nextMs - nowMs - attempts * everyMs;
    if (overMs > 0) return overMs;
    fullAtMs.delete(sender);
    fullAtMs.set(sender, nextMs);
    if (fullAtMs.size > maxSenders) fullAtMs.delete(fullAtMs.keys().next().value as string);
    return 0;
  };
}
