// Medians and ranges of measurements, and ratios of two measured in the same rounds.

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).toSorted();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Returns a range such as `0.42-0.47`. */
export function range(values: readonly number[], digits: number): string {
  return `${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)}`;
}

/** Divides round by round, since other load affects both in a round. Throws for different numbers of rounds. */
export function ratios(values: readonly number[], others: readonly number[]): number[] {
  if (values.length !== others.length)
    throw new Error(`expected as many rounds of both, found ${values.length} and ${others.length}`);
  return values.map((value, at) => value / (others[at] as number));
}
