// What is said of a sink that takes no points, and of its return: each once, and seldom where it goes up and down.

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { logThrottle } from '../runtime/log-throttle.ts';

export interface Outage {
  /** A write failed. */
  fails(reason: string): void;
  /** A write was taken. */
  ends(): void;
}

export interface OutageOptions {
  /** The sink's name. */
  readonly sink: string;
  readonly clock: Pick<Clock, 'steady'>;
  readonly log: Log;
}

/** Its words: the first failure at once and another reason as well, but both together once a minute at most. */
export function outage({ sink, clock, log }: OutageOptions): Outage {
  const complaints = logThrottle(clock);
  let said: string | undefined;
  return {
    fails(reason) {
      if (reason === said) return;
      complaints((times) => {
        said = reason;
        log.warn({ sink, reason, times }, 'the sink takes no points; they wait in the spool');
      });
    },
    ends() {
      if (said !== undefined) log.info({ sink }, 'the sink takes points again');
      said = undefined;
    },
  };
}
