// Histograms of durations in 255 buckets, each 6 % wider than the one before: quantiles in little memory.

const minMs = 0.1;
const logWidth = Math.log(1.06);

/** Bucket 0 counts missing durations. */
export const bucketCount = 256;

/** From 1 to 255, which is 0.1 ms to 4 minutes; durations beyond are counted in the first and the last bucket. */
export function bucketOf(ms: number): number {
  const bucket = 1 + Math.round(Math.log(Math.max(ms, minMs) / minMs) / logWidth);
  return Math.min(bucket, bucketCount - 1);
}

/** The middle of a bucket. */
function msOfBucket(bucket: number): number {
  return Number((minMs * Math.exp((bucket - 1) * logWidth)).toPrecision(3));
}

/**
 * The quantile `q`, within 3 %; undefined when nothing was measured.
 *
 * @param offset - where the histogram begins in `counts`
 */
export function quantileOf(counts: ArrayLike<number>, q: number, offset = 0): number | undefined {
  let total = 0;
  for (let bucket = 1; bucket < bucketCount; bucket += 1) total += counts[offset + bucket] as number;
  let below = 0;
  for (let bucket = 1; total > 0 && bucket < bucketCount; bucket += 1) {
    below += counts[offset + bucket] as number;
    if (below >= q * total) return msOfBucket(bucket);
  }
  return undefined;
}
