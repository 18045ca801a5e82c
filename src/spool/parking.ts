// Parked measurements: a source parks a measurement that it cannot complete yet. They are bounded and survive restarts.

import type { Parked } from '../model/point.ts';
import { type Bounds, hasRoomForParked } from './deliver.ts';
import type { Store } from './store.ts';

interface ParkedMeasurement {
  /** Passed as `completes` with the delivery that completes it. */
  readonly id: string;
  readonly payload: string;
  /** ms since 1970 UTC */
  readonly parkedAtMs: number;
}

export interface Parking {
  hasRoomFor(parked: Parked): boolean;
  /** The nodes that measurements wait for. */
  waitedFor(): string[];
  /** The oldest measurements that wait for a node. */
  waitingFor(waitsFor: string, limit: number): ParkedMeasurement[];
  count(): number;
}

export function parkingOf(store: Store, bounds: Bounds): Parking {
  return {
    hasRoomFor: (parked) => hasRoomForParked(store, bounds, parked),
    waitedFor: () => [...store.state.parked.keys()],
    waitingFor(waitsFor, limit) {
      const found: ParkedMeasurement[] = [];
      for (const [sequence, entry] of store.state.parked.get(waitsFor) ?? []) {
        if (found.length >= limit) break;
        const { parkedAtMs, part } = entry;
        const payload = store.changes.read(entry)?.parked?.[part]?.payload;
        if (payload !== undefined) {
          found.push({ id: JSON.stringify([waitsFor, sequence]), payload, parkedAtMs });
        } else {
          // The frame is damaged.
          store.append({ change: { noParked: [[waitsFor, sequence]], lost: { parked: 1 } } });
        }
      }
      return found;
    },
    count: () => store.state.totals.parkedCount,
  };
}
