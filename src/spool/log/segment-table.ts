// The table of segments: location, totals and durable end of each. Checkpoints store it, threads get copies.

import { firstGroupAt, segmentSeed, type SegmentHeader, type Totals } from './format.ts';

export interface SegmentEntry {
  readonly number: number;
  readonly seed: number;
  readonly firstGroup: number;
  /** Totals at its start. */
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly createdAtMs: number;
  /** Offset of its durable end. */
  end: number;
  /** Totals at its durable end. */
  through: Totals;
  /** Number of the group after its durable end. */
  nextGroup: number;
  fileBytes: number;
}

/** The entry of an empty segment. */
export function segmentEntry(header: SegmentHeader, fileBytes: number): SegmentEntry {
  const { number, firstGroup, before, createdAtMs } = header;
  return {
    number,
    seed: segmentSeed(header),
    firstGroup,
    before,
    createdAtMs,
    end: firstGroupAt,
    through: before,
    nextGroup: firstGroup,
    fileBytes,
  };
}

/** Finds the segment of a record by its number. Returns undefined if no segment has it. */
export function segmentOfRecord(segments: readonly SegmentEntry[], record: number): SegmentEntry | undefined {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle] as SegmentEntry).through.records < record) low = middle + 1;
    else high = middle;
  }
  return segments[low];
}
