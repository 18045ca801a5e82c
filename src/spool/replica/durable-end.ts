// The end of what is durable, in memory that threads share, so that a reader in another thread need not be told of each group.

import type { DurableEnd } from '../log/segment-log.ts';

export interface SharedDurableEnd {
  write(end: DurableEnd): void;
  read(): DurableEnd;
  /** Another number after each time that it was written. */
  version(): number;
  /** Says that this reader waits to be woken. */
  wait(): void;
  /** Whether a reader waits; it is not said to wait any more. */
  takeWaiting(): boolean;
}

const numbers = 5;
const bytes = 8 + numbers * 8;

export function durableEndMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}

/** A number that is odd while the others are written, and whether a reader waits; then the numbers. */
export function sharedDurableEnd(memory: SharedArrayBuffer): SharedDurableEnd {
  const flags = new Int32Array(memory, 0, 2);
  const values = new Float64Array(memory, 8, numbers);
  const number = (index: number): number => values[index] as number;
  return {
    write({ segment, at, totals: { records, points, bytes: recordBytes } }) {
      Atomics.add(flags, 0, 1);
      [values[0], values[1], values[2], values[3], values[4]] = [segment, at, records, points, recordBytes];
      Atomics.add(flags, 0, 1);
    },
    read() {
      for (;;) {
        const before = Atomics.load(flags, 0);
        const [segment, at, records, points, recordBytes] = [number(0), number(1), number(2), number(3), number(4)];
        if (before % 2 !== 0 || Atomics.load(flags, 0) !== before) continue;
        return { segment, at, totals: { records, points, bytes: recordBytes } };
      }
    },
    version: () => Atomics.load(flags, 0),
    wait: () => void Atomics.store(flags, 1, 1),
    takeWaiting: () => Atomics.exchange(flags, 1, 0) === 1,
  };
}
