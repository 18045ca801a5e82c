// Quantiles of many durations in little memory. Buckets are one per cent wide.

export interface Quantiles {
  add(ms: number): void;
  /** The quantile `q`, 0 to 1, in ms; undefined without durations. */
  at(q: number): number | undefined;
}

const minMs = 0.01;
const logWidth = Math.log(1.01);

export function quantiles(): Quantiles {
  const buckets = new Map<number, number>();
  let count = 0;
  return {
    add(ms) {
      const bucket = Math.round(Math.log(Math.max(ms, minMs) / minMs) / logWidth);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
      count += 1;
    },
    at(q) {
      let below = 0;
      for (const [bucket, inBucket] of [...buckets].toSorted(([a], [b]) => a - b)) {
        below += inBucket;
        if (below >= q * count) return minMs * Math.exp(bucket * logWidth);
      }
      return undefined;
    },
  };
}
