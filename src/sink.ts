// What a sink promises to the outlet that feeds it.

import type { DataPoint } from './point.ts';

/** A point that was not accepted, and the far side's own words about it. */
export interface Ruling {
  readonly point: DataPoint;
  readonly reason: string;
}

/** The fate of a batch: every point that stands in neither list was accepted. */
export interface Verdict {
  /** The far side will never take these. */
  readonly rejected: readonly Ruling[];
  /** The far side could not take these now. */
  readonly kept: readonly Ruling[];
}

export interface Sink {
  /** Stable over restarts and unique among the sinks of an installation: the spool keeps a position under it. */
  readonly name: string;
  /** How many points the next batch should hold at most; a sink learns this from the answers it gets. */
  batchPoints(): number;
  /**
   * Writes the points and resolves when the far side has ruled on each of them. Throws when nobody answered or the
   * answer rules on nothing; the same batch is then written again later. Writing a point again must change nothing.
   * An error may carry `retryAfterMs`, the pause that the far side asked for.
   */
  write(points: readonly DataPoint[], options: { readonly signal: AbortSignal }): Promise<Verdict>;
  close(): Promise<void>;
}

/** The verdict on a batch of which every point was accepted. */
export const allAccepted: Verdict = { rejected: [], kept: [] };
