// Durations counted in 255 buckets, each six per cent wider than the one before: quantiles of many in little memory.

const smallestMs = 0.1;
const widening = Math.log(1.06);

/** Bucket 0 is for what was not measured. */
export const bucketCount = 256;

/** From 1 to 255: 0.1 ms to 4 minutes, what lies outside at the ends. */
export function bucketOf(ms: number): number {
  const bucket = 1 + Math.round(Math.log(Math.max(ms, smallestMs) / smallestMs) / widening);
  return Math.min(bucket, bucketCount - 1);
}

/** The middle of a bucket, with three digits. */
function msOfBucket(bucket: number): number {
  return Number((smallestMs * Math.exp((bucket - 1) * widening)).toPrecision(3));
}

/**
 * The duration below which the share `q` lies, within 3 %; undefined when nothing was measured.
 *
 * @param offset - where the buckets begin in `counts`
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
