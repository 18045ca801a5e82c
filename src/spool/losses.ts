// Counts of lost data. All of them should stay 0.

/** Acknowledged data that was lost. */
export interface Losses {
  readonly records: number;
  /** In those records. */
  readonly points: number;
  readonly retries: number;
  readonly parked: number;
  readonly deadLetters: number;
  /** Damaged segments and legacy stores of which the amount is unknown. */
  readonly uncounted: number;
}

export const noLosses: Losses = { records: 0, points: 0, retries: 0, parked: 0, deadLetters: 0, uncounted: 0 };

export function addLosses(one: Losses, more: Partial<Losses>): Losses {
  const names = Object.keys(noLosses) as readonly (keyof Losses)[];
  return Object.fromEntries(names.map((name) => [name, one[name] + (more[name] ?? 0)])) as unknown as Losses;
}
