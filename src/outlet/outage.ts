// Logs a sink's outage and its end, one line each. A sink that goes up and down is logged at most once a minute.

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { logThrottle } from '../runtime/log-throttle.ts';

export interface Outage {
  /** Records a failed write. */
  fails(reason: string): void;
  /** Records a successful write. */
  ends(): void;
}

export interface OutageOptions {
  /** The sink's name. */
  readonly sink: string;
  readonly clock: Pick<Clock, 'steady'>;
  readonly log: Log;
}

export function outage({ sink, clock, log }: OutageOptions): Outage {
  const throttled = logThrottle(clock);
  let loggedReason: string | undefined;
  return {
    fails(reason) {
      if (reason === loggedReason) return;
      throttled((times) => {
        loggedReason = reason;
        log.warn({ sink, reason, times }, 'the sink takes no points; they wait in the spool');
      });
    },
    ends() {
      if (loggedReason !== undefined) log.info({ sink }, 'the sink takes points again');
      loggedReason = undefined;
    },
  };
}
