// The median and the range of what was measured, and ratios of two that were measured in the same rounds.

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).toSorted();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Such as `0.42-0.47`. */
export function range(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)}`;
}

/** Round by round, so that what the machine did in a round falls on both. Throws where the rounds are not the same. */
export function ratios(values: readonly number[], others: readonly number[]): number[] {
  if (values.length !== others.length)
    throw new Error(`expected as many rounds of both, found ${values.length} and ${others.length}`);
  return values.map((value, at) => value / (others[at] as number));
}
