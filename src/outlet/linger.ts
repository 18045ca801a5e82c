// A pause after each batch, like Kafka's `linger.ms`. It merges small requests into fewer large ones. A full batch, and
// the first batch after an idle time, are not delayed.

import type { Clock } from '../runtime/clock.ts';

/** The bridge's setting. */
export const lingerMs = 20;

export interface Linger {
  /** Starts the pause; called for each batch. */
  start(): void;
  /** Reports whether the pause still runs, and calls `wake` once it ends. */
  isRunning(): boolean;
}

/** @param ms - 0: no pause */
export function linger(clock: Clock, ms: number, wake: () => void): Linger {
  let untilMs = -Infinity;
  let isWaiting = false;
  return {
    start: () => void (untilMs = clock.steady() + ms),
    isRunning() {
      const pauseMs = untilMs - clock.steady();
      if (pauseMs <= 0) return false;
      if (isWaiting) return true;
      isWaiting = true;
      void clock.sleep(pauseMs).then(() => {
        isWaiting = false;
        wake();
      });
      return true;
    },
  };
}
