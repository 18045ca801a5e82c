// Time as the rest of the program is given it: a wall clock, a steady one, and a sleep that a signal ends.

import { setTimeout as sleepFor } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; may jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since some fixed instant; never jumps. For durations. */
  steady(): number;
  /** Resolves when `ms` have passed by the steady clock, never before; rejects with the signal's reason once it aborts. */
  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** The machine's clocks. Made by main alone. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    steady: () => performance.now(),
    async sleep(ms, { signal } = {}) {
      const until = performance.now() + ms;
      try {
        // Timers may end up to a millisecond early.
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
