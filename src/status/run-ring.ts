// The latest runs in columns of numbers: 14 bytes a run, so that a million of them fit in 15 MB and are read through in milliseconds.

export interface RunRing {
  readonly columns: RunColumns;
  /** Writes a run over the oldest. */
  add(run: NumberedRun): void;
  /** How many there are. */
  count(): number;
  /** Where the next one is written; the newest stands before it, around the end. */
  next(): number;
}

export interface NumberedRun {
  readonly node: number;
  readonly test: number;
  /** NaN when none was measured. */
  readonly rttMs: number;
  readonly bucket: number;
  /** 0 when it did not fail. */
  readonly error: number;
  /** When it came in, s since 1970 UTC. */
  readonly atS: number;
}

export interface RunColumns {
  readonly node: Uint16Array;
  readonly test: Uint16Array;
  readonly rttMs: Float32Array;
  readonly bucket: Uint8Array;
  readonly error: Uint8Array;
  readonly atS: Uint32Array;
}

/** A power of two. The pages of memory are taken up only as runs come in. */
export function runRing(most = 2 ** 20): RunRing {
  const columns: RunColumns = {
    node: new Uint16Array(most),
    test: new Uint16Array(most),
    rttMs: new Float32Array(most),
    bucket: new Uint8Array(most),
    error: new Uint8Array(most),
    atS: new Uint32Array(most),
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
      next = (next + 1) & (most - 1);
      count = Math.min(count + 1, most);
    },
    count: () => count,
    next: () => next,
  };
}
