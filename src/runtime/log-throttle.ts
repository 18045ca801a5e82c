// Says a thing seldom that happens often: the first time at once, then once in a while with how often it was.

import type { Clock } from './clock.ts';

/** Calls `say` at once or not at all; `times` counts from the last time it was called, this time included. */
export type LogThrottle = (say: (times: number) => void) => void;

export function logThrottle(clock: Pick<Clock, 'steady'>, everyMs = 60_000): LogThrottle {
  let times = 0;
  let notBeforeMs = -Infinity;
  return (say) => {
    times += 1;
    const nowMs = clock.steady();
    if (nowMs < notBeforeMs) return;
    notBeforeMs = nowMs + everyMs;
    say(times);
    times = 0;
  };
}
