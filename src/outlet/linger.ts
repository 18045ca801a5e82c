// A pause after each batch that was taken out, so that few large requests carry what many small ones would; a batch that is full, and
// the first after a rest, go at once.

import type { Clock } from '../runtime/clock.ts';

export interface Linger {
  /** A batch was taken out. */
  started(): void;
  /** Whether the pause lasts still; then `wake` is called once it is over. */
  holds(): boolean;
}

/** @param ms - how long; 0: no pause */
export function linger(clock: Clock, ms: number, wake: () => void): Linger {
  let untilMs = -Infinity;
  let isWaiting = false;
  return {
    started: () => void (untilMs = clock.steady() + ms),
    holds() {
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
