// Quantiles of many durations in little memory: each is counted in a bucket one per cent wide.

export interface Quantiles {
  add(ms: number): void;
  /** The duration below which the share `q` of them lies, in ms; undefined when there are none. */
  at(q: number): number | undefined;
  count(): number;
}

const smallestMs = 0.01;
const widening = Math.log(1.01);

export function quantiles(): Quantiles {
  const buckets = new Map<number, number>();
  let count = 0;
  return {
    add(ms) {
      const bucket = Math.round(Math.log(Math.max(ms, smallestMs) / smallestMs) / widening);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
      count += 1;
    },
    at(q) {
      let below = 0;
      for (const [bucket, inBucket] of [...buckets].toSorted(([a], [b]) => a - b)) {
        below += inBucket;
        if (below >= q * count) return smallestMs * Math.exp(bucket * widening);
      }
      return undefined;
    },
    count: () => count,
  };
}
