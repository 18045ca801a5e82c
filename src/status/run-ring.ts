// A ring buffer of the latest runs in typed arrays: 14 bytes a run, 15 MB for a million.

export interface RunRing {
  readonly columns: RunColumns;
  /** Overwrites the oldest run. */
  add(run: RunRow): void;
  count(): number;
  /** The index of a run in the columns. @param age - 0 for the newest */
  indexOf(age: number): number;
}

/** Nodes, tests and errors by their numbers. */
interface RunRow {
  readonly node: number;
  readonly test: number;
  /** NaN when not measured. */
  readonly rttMs: number;
  readonly bucket: number;
  /** 0 without an error. */
  readonly error: number;
  /** Arrival, s since 1970 UTC. */
  readonly atS: number;
}

interface RunColumns {
  readonly node: Uint16Array;
  readonly test: Uint16Array;
  readonly rttMs: Float32Array;
  readonly bucket: Uint8Array;
  readonly error: Uint8Array;
  readonly atS: Uint32Array;
}

/** @param capacity - a power of two; the system allocates the memory as runs are added */
export function runRing(capacity = 2 ** 20): RunRing {
  const columns: RunColumns = {
    node: new Uint16Array(capacity),
    test: new Uint16Array(capacity),
    rttMs: new Float32Array(capacity),
    bucket: new Uint8Array(capacity),
    error: new Uint8Array(capacity),
    atS: new Uint32Array(capacity),
  };
  let next = 0;
  let count = 0;
  return {
    columns,
    add({ node, test, rttMs, bucket, error, atS }) {
      columns.node[next] = node;
      columns.test[next] = test;
      columns.rttMs[next] = rttMs;
      columns.bucket[next] = bucket;
      columns.error[next] = error;
      columns.atS[next] = atS;
      next = (next + 1) & (capacity - 1);
      count = Math.min(count + 1, capacity);
    },
    count: () => count,
    indexOf: (age) => (next - 1 - age) & (capacity - 1),
  };
}
