// Keeps what a source has set aside until it can be completed, over restarts and within a bound.

import type { Parked } from '../point.ts';
import type { ParkedRow, Store } from './store.ts';

export interface ParkedEntry {
  /** To be given as `completes` when its points are delivered. */
  readonly id: string;
  readonly waitsFor: string;
  readonly payload: string;
  /** ms since 1970 UTC */
  readonly parkedAtMs: number;
}

export interface Parking {
  hasRoomFor(parked: Parked): boolean;
  /** Puts it down; to be called inside a transaction of the store. */
  add(parked: Parked, nowMs: number): void;
  /** Takes it away; to be called inside a transaction of the store. */
  remove(id: string): void;
  /** What anything waits for, each once. */
  waitedFor(): string[];
  /** The oldest entries that wait for this, at most `limit`. */
  waitingFor(waitsFor: string, limit: number): ParkedEntry[];
  count(): number;
  bytes(): number;
}

/** Beside the payload: keys, time and lmdb's own. */
const bytesAnEntry = 64;

/** Opens the parked entries of a store; reads them all once to know their size. */
export function openParking(store: Store, maxBytes: () => number): Parking {
  let bytes = 0;
  let nextSequence = 1;
  const counts = new Map<string, number>();

  function reread(): void {
    bytes = 0;
    counts.clear();
    for (const { key, value } of store.parked.getRange()) note(key, value, 1);
  }

  function note([waitsFor, sequence]: ParkedKey, { payload }: ParkedRow, sign: 1 | -1): void {
    bytes += sign * (payload.length + bytesAnEntry);
    nextSequence = Math.max(nextSequence, sequence + 1);
    const count = (counts.get(waitsFor) ?? 0) + sign;
    if (count > 0) counts.set(waitsFor, count);
    else counts.delete(waitsFor);
  }

  reread();
  store.onFailure(reread);
  return {
    hasRoomFor: ({ payload }) => bytes + payload.length + bytesAnEntry <= maxBytes(),
    add({ waitsFor, payload }, nowMs) {
      const key: ParkedKey = [waitsFor, nextSequence];
      const row: ParkedRow = { parkedAtMs: nowMs, payload };
      store.parked.putSync(key, row);
      note(key, row, 1);
    },
    remove(id) {
      const key = JSON.parse(id) as ParkedKey;
      const row = store.parked.get(key);
      if (row === undefined) return;
      store.parked.removeSync(key);
      note(key, row, -1);
    },
    waitedFor: () => [...counts.keys()],
    waitingFor(waitsFor, limit) {
      const rows = store.parked.getRange({ start: [waitsFor, 0], end: [waitsFor, Infinity], limit });
      return [...rows].map(({ key, value }) => ({ id: JSON.stringify(key), waitsFor, ...value }));
    },
    count: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
    bytes: () => bytes,
  };
}

type ParkedKey = [waitsFor: string, sequence: number];
