// Yields the rounds, fewer than requested on a slow machine.

export interface Rounds {
  readonly most: number;
  /** The rounds that are not limited by time; default 1. */
  readonly least?: number;
  /** No other round begins after this time. */
  readonly seconds: number;
}

/** Yields their numbers from 0 on. */
export function* roundsWithin(
  { most, least = 1, seconds }: Rounds,
  nowMs: () => number = () => performance.now(),
): Generator<number, void> {
  const endAtMs = nowMs() + seconds * 1000;
  for (let round = 0; round < most && (round < least || nowMs() < endAtMs); round += 1) yield round;
}
