// The contract of sinks: an outlet gives a sink batches of points, and the sink returns a verdict on each point.

import type { DataPoint, Points } from './point.ts';

/** A point that was not accepted, with the receiver's reason. */
export interface Ruling {
  readonly point: DataPoint;
  readonly reason: string;
  /** The value was accepted. The ruling is on the annotation of the point. */
  readonly isStored?: true;
}

/** The outcome of a batch. A point in neither list was accepted. */
export interface Verdict {
  /** Points that the receiver will never accept. They become dead letters. */
  readonly rejected: readonly Ruling[];
  /** Points that the receiver could not accept this time. The outlet retries them. */
  readonly kept: readonly Ruling[];
}

/** Annotations since the sink was opened. */
export interface AnnotationCounts {
  readonly written: number;
  /** Dropped, because the receiver has no annotations. */
  readonly skipped: number;
}

/** A batch of points in the form in which sources delivered them. */
export interface SinkBatch {
  readonly deliveries: readonly Points[];
  readonly pointCount: number;
  /** The single points. They are expanded at the first access. */
  readonly points: readonly DataPoint[];
}

/**
 * Writes points to a receiver. The outlet calls `write` or `writeBatch` for several batches at once.
 *
 * Writing the same points again must change nothing: without an answer the outlet writes a batch again.
 */
export interface Sink {
  /** Unique among the sinks, and the same at every start: the spool stores the sink's position under it. */
  readonly name: string;
  /** The maximum number of points in the next batch. A sink may adapt it to the answers of its receiver. */
  batchPoints(): number;
  /**
   * Resolves when the receiver accepts, rejects or keeps each point.
   *
   * Throws if there is no answer, or an answer without a verdict. The outlet then writes the batch again after a backoff.
   * An error with the property `retryAfterMs` sets the minimum pause.
   */
  write(points: readonly DataPoint[], options: { readonly signal: AbortSignal }): Promise<Verdict>;
  /** `write` for sinks that render factored points faster than single ones. Without it the outlet calls `write`. */
  writeBatch?(batch: SinkBatch, options: { readonly signal: AbortSignal }): Promise<Verdict>;
  close(): Promise<void>;
  /** Absent in sinks that do not count annotations. */
  annotations?(): AnnotationCounts;
}

export interface ValueCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly kept: number;
}

/** Counts the values of points by verdict. A point with `only: 'annotation'` has none. */
export function valueCounts(points: readonly DataPoint[], { rejected, kept }: Verdict): ValueCounts {
  const countOf = (rulings: readonly Ruling[]): number =>
    rulings.filter(({ point, isStored }) => isStored !== true && point.only === undefined).length;
  const values = points.filter(({ only }) => only === undefined).length;
  const counts = { rejected: countOf(rejected), kept: countOf(kept) };
  return { accepted: values - counts.rejected - counts.kept, ...counts };
}

/** The same for a batch, in which every point has a value. Does not expand the points of an accepted batch. */
export function batchValueCounts(batch: Pick<SinkBatch, 'points' | 'pointCount'>, verdict: Verdict): ValueCounts {
  if (verdict.rejected.length === 0 && verdict.kept.length === 0)
    return { accepted: batch.pointCount, rejected: 0, kept: 0 };
  return valueCounts(batch.points, verdict);
}

export const allAccepted: Verdict = { rejected: [], kept: [] };
