// Time limits of many requests at once, with one timer for all of them.

import type { Clock } from '../../../runtime/clock.ts';
import { TimedOut } from '../../../runtime/deadline.ts';

export interface TimeLimits {
  /** Calls `onTimeout` after `ms`, unless the returned function is called before. */
  start(ms: number, onTimeout: (error: TimedOut) => void): () => void;
}

interface Limit {
  readonly atMs: number;
  readonly ms: number;
  readonly onTimeout: (error: TimedOut) => void;
}

/** A sleep of the clock for each request, and its abort, would cost more than the request. */
export function timeLimits(clock: Clock): TimeLimits {
  const limits = new Set<Limit>();
  let stop: AbortController | undefined;

  async function watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nextMs = Math.min(...[...limits].map(({ atMs }) => atMs));
      await clock.sleep(Math.max(0, nextMs - clock.steady()), { signal }).catch(() => {});
      for (const limit of [...limits].filter(({ atMs }) => atMs <= clock.steady())) end(limit, true);
    }
  }

  function end(limit: Limit, isTimeout = false): void {
    if (!limits.delete(limit)) return;
    if (limits.size === 0) {
      stop?.abort();
      stop = undefined;
    }
    if (isTimeout) limit.onTimeout(new TimedOut(`no answer within ${limit.ms / 1000} s`));
  }

  return {
    start(ms, onTimeout) {
      const limit = { atMs: clock.steady() + ms, ms, onTimeout };
      const isEarliest = [...limits].every(({ atMs }) => atMs > limit.atMs);
      limits.add(limit);
      if (isEarliest) {
        stop?.abort();
        stop = new AbortController();
        void watch(stop.signal);
      }
      return () => end(limit);
    },
  };
}
