// The durable end of the log in shared memory, so that a reader in another thread needs no message per group.

import type { DurableEnd } from '../log/segment-log.ts';

export interface SharedDurableEnd {
  write(end: DurableEnd): void;
  read(): DurableEnd;
  /** Changes with each write. */
  version(): number;
  /** Registers the reader to be woken. */
  wait(): void;
  /** Returns whether the reader waits, and unregisters it. */
  takeWaiting(): boolean;
}

const valueCount = 5;

/** Two i32: the version, odd during a write, and whether the reader waits. Then the values as doubles. */
export function durableEndMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(8 + valueCount * 8);
}

export function sharedDurableEnd(memory: SharedArrayBuffer): SharedDurableEnd {
  const flags = new Int32Array(memory, 0, 2);
  const values = new Float64Array(memory, 8, valueCount);
  const value = (index: number): number => values[index] as number;
  return {
    write({ segment, at, totals: { records, points, bytes } }) {
      Atomics.add(flags, 0, 1);
      values.set([segment, at, records, points, bytes]);
      Atomics.add(flags, 0, 1);
    },
    read() {
      for (;;) {
        const before = Atomics.load(flags, 0);
        const totals = { records: value(2), points: value(3), bytes: value(4) };
        const end = { segment: value(0), at: value(1), totals };
        if (before % 2 === 0 && Atomics.load(flags, 0) === before) return end;
      }
    },
    version: () => Atomics.load(flags, 0),
    wait: () => void Atomics.store(flags, 1, 1),
    takeWaiting: () => Atomics.exchange(flags, 1, 0) === 1,
  };
}
