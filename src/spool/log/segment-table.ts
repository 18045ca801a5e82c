// The segments of the log in order: what is in each, and how far it is durable. Plain values, for a checkpoint and for other threads.

import { segmentSeed, type SegmentHead, type Totals } from './format.ts';

export interface SegmentEntry {
  readonly number: number;
  readonly seed: number;
  readonly firstGroup: number;
  /** What had been appended, ever, before it. */
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly createdAtMs: number;
  /** Everything before this place in its file is durable. */
  end: number;
  /** What had been appended, ever, up to there. */
  through: Totals;
  /** The group behind it. */
  nextGroup: number;
  /** What its file takes. */
  fileBytes: number;
}

/** The entry of a segment in which nothing was written yet. */
export function segmentEntry(head: SegmentHead, firstGroupAt: number, fileBytes: number): SegmentEntry {
  const { number, firstGroup, before, createdAtMs } = head;
  return {
    number,
    seed: segmentSeed(head),
    firstGroup,
    before,
    createdAtMs,
    end: firstGroupAt,
    through: before,
    nextGroup: firstGroup,
    fileBytes,
  };
}

/** The segment that a record stands in, by its number; undefined when it is in none of them. */
export function segmentOf(segments: readonly SegmentEntry[], record: number): SegmentEntry | undefined {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle] as SegmentEntry).through.records < record) low = middle + 1;
    else high = middle;
  }
  return segments[low];
}
