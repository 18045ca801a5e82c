// Counts the deliveries of a source on their way to the spool.

import type { Clock } from '../runtime/clock.ts';
import { pointCount } from '../model/factored-points.ts';
import type { Deliver } from '../model/point.ts';

/** Since the start of the process. */
export interface SourceSnapshot {
  readonly name: string;
  /** Points that were stored. */
  readonly points: number;
  /** Deliveries that were stored, with points or without. */
  readonly deliveries: number;
  /** Deliveries of a run that was stored before. */
  readonly duplicates: number;
  /** Deliveries that were refused or failed. */
  readonly failures: number;
  /** Time of the last stored delivery, ms since 1970 UTC. */
  readonly lastAtMs: number | undefined;
}

interface CountedSource {
  readonly deliver: Deliver;
  snapshot(): SourceSnapshot;
}

export function countedSource(name: string, deliver: Deliver, clock: Pick<Clock, 'now'>): CountedSource {
  const counts = { points: 0, deliveries: 0, duplicates: 0, failures: 0 };
  let lastAtMs: number | undefined;
  return {
    deliver: (delivery, options) =>
      deliver(delivery, options).then(
        (delivered) => {
          if (delivered === 'duplicate') {
            counts.duplicates += 1;
          } else {
            counts.deliveries += 1;
            counts.points += pointCount(delivery);
            lastAtMs = clock.now();
          }
          return delivered;
        },
        (error: unknown) => {
          counts.failures += 1;
          throw error;
        },
      ),
    snapshot: () => ({ name, ...counts, lastAtMs }),
  };
}
