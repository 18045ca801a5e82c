// Quantiles of the response times between two snapshots of a histogram.

import type { DurationSnapshot } from '../runtime/duration-histogram.ts';

/** The quantile `q` in ms, interpolated within its bucket; undefined without responses. */
export function responseTimeMs(before: DurationSnapshot, after: DurationSnapshot, q: number): number | undefined {
  const count = after.count - before.count;
  if (count <= 0) return undefined;
  let [lowerMs, below] = [0, 0];
  for (const [at, bound] of after.boundsSeconds.entries()) {
    const atMost = (after.atMost[at] ?? 0) - (before.atMost[at] ?? 0);
    const upperMs = bound * 1000;
    if (atMost >= q * count) {
      const ms = lowerMs + ((upperMs - lowerMs) * (q * count - below)) / Math.max(1, atMost - below);
      return Number(ms.toPrecision(3));
    }
    [lowerMs, below] = [upperMs, atMost];
  }
  return lowerMs;
}
