// What a source hands on, counted on the way to the spool.

import type { Clock } from '../runtime/clock.ts';
import { pointCount } from '../model/factored-points.ts';
import type { Deliver } from '../model/point.ts';

/** What a source has handed on since the start. */
export interface SourceSnapshot {
  readonly name: string;
  /** Points that are on disk. */
  readonly points: number;
  /** Deliveries that are on disk, those without a point included. */
  readonly deliveries: number;
  /** Deliveries that were there already. */
  readonly duplicates: number;
  /** Deliveries that were refused, or failed. */
  readonly failures: number;
  /** When the last one was on disk, ms since 1970 UTC; undefined before the first. */
  readonly lastAtMs: number | undefined;
}

export interface CountedSource {
  readonly deliver: Deliver;
  seen(): SourceSnapshot;
}

/** The same delivery, counted. */
export function countedSource(name: string, deliver: Deliver, clock: Pick<Clock, 'now'>): CountedSource {
  let points = 0;
  let deliveries = 0;
  let duplicates = 0;
  let failures = 0;
  let lastAtMs: number | undefined;
  const fail = (error: unknown): never => {
    failures += 1;
    throw error;
  };
  return {
    deliver: (delivery, options) =>
      deliver(delivery, options).then((delivered) => {
        if (delivered === 'duplicate') {
          duplicates += 1;
        } else {
          deliveries += 1;
          points += pointCount(delivery);
          lastAtMs = clock.now();
        }
        return delivered;
      }, fail),
    seen: () => ({ name, points, deliveries, duplicates, failures, lastAtMs }),
  };
}
