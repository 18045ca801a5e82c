// What a source has set aside until it can be completed, over restarts and within a bound.

import type { Parked } from '../model/point.ts';
import { type Bounds, hasRoomForParked } from './deliver.ts';
import type { Store } from './store.ts';

export interface ParkedMeasurement {
  /** To be given as `completes` when its points are delivered. */
  readonly id: string;
  readonly waitsFor: string;
  readonly payload: string;
  /** ms since 1970 UTC */
  readonly parkedAtMs: number;
}

export interface Parking {
  hasRoomFor(parked: Parked): boolean;
  /** What anything waits for, each once. */
  waitedFor(): string[];
  /** The oldest entries that wait for this, at most `limit`. */
  waitingFor(waitsFor: string, limit: number): ParkedMeasurement[];
  count(): number;
  bytes(): number;
}

export function parkingOf(store: Store, bounds: Bounds): Parking {
  return {
    hasRoomFor: (parked) => hasRoomForParked(store, bounds, parked),
    waitedFor: () => [...store.state.parked.keys()],
    waitingFor(waitsFor, limit) {
      const found: ParkedMeasurement[] = [];
      for (const [sequence, entry] of store.state.parked.get(waitsFor) ?? []) {
        if (found.length >= limit) break;
        const parked = store.content.at(entry)?.parked?.[entry.part];
        if (parked !== undefined) {
          found.push({
            id: JSON.stringify([waitsFor, sequence]),
            waitsFor,
            payload: parked.payload,
            parkedAtMs: entry.parkedAtMs,
          });
        } else {
          // Its frame is damaged: it is gone.
          store.append({ change: { noParked: [[waitsFor, sequence]], lost: { parked: 1 } } });
        }
      }
      return found;
    },
    count: () => store.state.totals.parkedCount,
    bytes: () => store.state.totals.parkedBytes,
  };
}
