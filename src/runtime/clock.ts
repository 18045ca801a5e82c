// The clock. Code that reads the time or waits receives it as an argument.

import { setTimeout as sleepFor } from 'node:timers/promises';

export interface Clock {
  /** ms since 1970-01-01 UTC. Jumps when the machine's clock is set. */
  now(): number;
  /** ms since a fixed instant. Never jumps; for durations. */
  steady(): number;
  /** Resolves when `ms` have passed on the steady clock, never earlier. Rejects with the reason of the signal. */
  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** The clocks of the machine. Only main and the threads' entry points call it. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    steady: () => performance.now(),
    async sleep(ms, { signal } = {}) {
      const until = performance.now() + ms;
      try {
        // Timers of Node may fire up to a millisecond early.
        for (let leftMs = ms; leftMs > 0; leftMs = until - performance.now()) {
          await sleepFor(Math.ceil(leftMs), undefined, signal === undefined ? {} : { signal });
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      }
    },
  };
}
