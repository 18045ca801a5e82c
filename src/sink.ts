// What a sink promises to the outlet that feeds it.

import type { DataPoint } from './point.ts';

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
  /** Absent where annotations are never written. */
  annotations?(): AnnotationCounts;
}

/** How many values were accepted, rejected and kept; of a point whose annotation alone was to be written none is. */
export function talliedValues(points: readonly DataPoint[], { rejected, kept }: Verdict): { readonly accepted: number; readonly rejected: number; readonly kept: number } {
  const of = (rulings: readonly Ruling[]): number => rulings.filter(({ point, isStored }) => isStored !== true && point.only === undefined).length;
  const values = points.filter(({ only }) => only === undefined).length;
  return { accepted: values - of(rejected) - of(kept), rejected: of(rejected), kept: of(kept) };
}

/** The verdict on a batch of which every point was accepted. */
export const allAccepted: Verdict = { rejected: [], kept: [] };
