// The word for the worst: what must stay nothing.

/** What had been acknowledged and is gone. */
export interface Lost {
  readonly records: number;
  /** In those records; where their neighbours do not tell, as many as the others have on average. */
  readonly points: number;
  readonly retries: number;
  readonly parked: number;
  readonly deadLetters: number;
  /** Damaged stores that no longer say how much was in them: what of it is lost is not counted. */
  readonly uncounted: number;
}

export const nothingLost: Lost = { records: 0, points: 0, retries: 0, parked: 0, deadLetters: 0, uncounted: 0 };
