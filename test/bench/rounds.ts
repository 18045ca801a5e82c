// How many rounds are played: as many as were asked for, fewer where the machine is so slow that they would take too long.

export interface Rounds {
  readonly most: number;
  /** Played whatever they take; 1 unless it is given. */
  readonly least?: number;
  /** No further round begins after so many. */
  readonly seconds: number;
}

/** Their numbers from 0 on. */
export function* roundsWithin(
  { most, least = 1, seconds }: Rounds,
  nowMs: () => number = () => performance.now(),
): Generator<number, void> {
  const endAtMs = nowMs() + seconds * 1000;
  for (let round = 0; round < most && (round < least || nowMs() < endAtMs); round += 1) yield round;
}
