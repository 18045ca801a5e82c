// How long pushes took between two snapshots, read out of counts by upper bounds.

import type { DurationSnapshot } from '../runtime/duration-histogram.ts';

/** The time below which the share `q` of the answers lay, ms, straight between the bounds; undefined when there were none. */
export function responseTimeMs(before: DurationSnapshot, after: DurationSnapshot, q: number): number | undefined {
  const count = after.count - before.count;
  if (count <= 0) return undefined;
  let [lowerMs, below] = [0, 0];
  for (const [place, bound] of after.boundsSeconds.entries()) {
    const atMost = (after.atMost[place] ?? 0) - (before.atMost[place] ?? 0);
    const upperMs = bound * 1000;
    if (atMost >= q * count)
      return rounded(lowerMs + ((upperMs - lowerMs) * (q * count - below)) / Math.max(1, atMost - below));
    [lowerMs, below] = [upperMs, atMost];
  }
  return lowerMs;
}

function rounded(ms: number): number {
  return Number(ms.toPrecision(3));
}
