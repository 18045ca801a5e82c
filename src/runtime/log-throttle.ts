// Throttles a repeated log line: logs the first at once, then at most one a minute with the count.

import type { Clock } from './clock.ts';

/** Calls `log` now or not at all. `times` counts the events since the last call of `log`, with this one. */
type LogThrottle = (log: (times: number) => void) => void;

export function logThrottle(clock: Pick<Clock, 'steady'>, everyMs = 60_000): LogThrottle {
  let times = 0;
  let notBeforeMs = -Infinity;
  return (log) => {
    times += 1;
    const nowMs = clock.steady();
    if (nowMs < notBeforeMs) return;
    notBeforeMs = nowMs + everyMs;
    log(times);
    times = 0;
  };
}
