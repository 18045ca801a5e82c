// What a sink promises to the outlet that feeds it.

import type { DataPoint, Points } from './point.ts';

/** A point that was not accepted, and the far side's own words about it. */
export interface Ruling {
  readonly point: DataPoint;
  readonly reason: string;
  /** The value was accepted all the same, and the ruling is on the point's annotation alone. */
  readonly isStored?: true;
}

/** The fate of a batch: every point that stands in neither list was accepted. */
export interface Verdict {
  /** The far side will never take these. */
  readonly rejected: readonly Ruling[];
  /** The far side could not take these now. */
  readonly kept: readonly Ruling[];
}

/** What became of the annotations that points carried, since the sink was opened. */
export interface AnnotationCounts {
  readonly written: number;
  /** Not written: the receiver has no annotations. */
  readonly skipped: number;
}

/** Points as they were delivered, a batch of them. */
export interface SinkBatch {
  readonly deliveries: readonly Points[];
  readonly pointCount: number;
  /** All of them, one by one; made when it is first asked for, and the same from then on. */
  readonly points: readonly DataPoint[];
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
  /** The same for points in the form in which they were delivered. Absent where a sink has nothing to win by it. */
  writeBatch?(batch: SinkBatch, options: { readonly signal: AbortSignal }): Promise<Verdict>;
  close(): Promise<void>;
  /** Absent where annotations are never written. */
  annotations?(): AnnotationCounts;
}

export interface ValueTally {
  readonly accepted: number;
  readonly rejected: number;
  readonly kept: number;
}

/** How many values were accepted, rejected and kept; of a point whose annotation alone was to be written none is. */
export function talliedValues(points: readonly DataPoint[], { rejected, kept }: Verdict): ValueTally {
  const of = (rulings: readonly Ruling[]): number =>
    rulings.filter(({ point, isStored }) => isStored !== true && point.only === undefined).length;
  const values = points.filter(({ only }) => only === undefined).length;
  return { accepted: values - of(rejected) - of(kept), rejected: of(rejected), kept: of(kept) };
}

/** The same of a batch, whose points carry values all of them; they are not made for it when all were accepted. */
export function talliedBatch(batch: Pick<SinkBatch, 'points' | 'pointCount'>, verdict: Verdict): ValueTally {
  if (verdict.rejected.length === 0 && verdict.kept.length === 0)
    return { accepted: batch.pointCount, rejected: 0, kept: 0 };
  return talliedValues(batch.points, verdict);
}

/** The verdict on a batch of which every point was accepted. */
export const allAccepted: Verdict = { rejected: [], kept: [] };
