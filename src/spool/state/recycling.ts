// Decides which segments are recycled, and compacts segments that are mostly dead by moving their live entries.

import { tableId } from '../dead-letters/letters.ts';
import { firstGroupOf } from '../log/group-table.ts';
import { changeText } from '../log/payload.ts';
import { durableScan, type Frame, openSegmentFile, readGroup, type SegmentFile } from '../log/scan.ts';
import { segmentPath } from '../log/segment-files.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import type { Position } from '../readers/position.ts';
import type { Change, StoredLetter } from './change.ts';
import type { EntryLocation, SpoolState } from './state.ts';

/** The requirements of the two checkpoints on disk. A segment is recycled when neither checkpoint needs it. */
export interface CheckpointNeeds {
  /** The segment of the older checkpoint's place. */
  readonly fromSegment: number;
  readonly positions: ReadonlyMap<string, Position>;
  readonly live: ReadonlyMap<number, number>;
}

/** Segments older than both checkpoints, without live entries, that every sink has passed. */
export function recyclable(segments: readonly SegmentEntry[], needs: CheckpointNeeds): SegmentEntry[] {
  return segments.filter(
    (segment) =>
      segment.number < needs.fromSegment && isPassed(segment, needs.positions) && !needs.live.has(segment.number),
  );
}

/** Reports whether every sink has finished the records of a segment. A removed sink does not wait for later segments. */
export function isPassed({ before, through }: SegmentEntry, positions: ReadonlyMap<string, Position>): boolean {
  return [...positions.values()].every(
    ({ through: finished, gone }) =>
      finished >= through.records || (gone !== undefined && gone.through <= before.records),
  );
}

/** A passed segment is compacted if less than this share of it is live. */
const compactionThreshold = 1 / 2;

export function compactable(segments: readonly SegmentEntry[], { positions, live }: SpoolState): SegmentEntry[] {
  return segments.slice(0, -1).filter((segment) => {
    const bytes = live.get(segment.number);
    return bytes !== undefined && bytes < segment.fileBytes * compactionThreshold && isPassed(segment, positions);
  });
}

/** Yields the live entries of a segment as changes to append, one per frame. */
export function* liveChanges(directory: string, segment: SegmentEntry, state: SpoolState): Generator<Change> {
  let file: SegmentFile;
  try {
    file = openSegmentFile(segmentPath(directory, segment.number));
  } catch {
    // A missing file: its entries are counted as lost when they are read.
    return;
  }
  try {
    const options = durableScan(file, segment);
    let place = firstGroupOf(segment);
    while (place.at < segment.end) {
      const group = readGroup(options, place);
      if (group === undefined) return;
      place = group.next;
      for (const frame of group.frames) {
        // Checked frame by frame: entries may be removed meanwhile.
        const live = livePart(frame, segment.number, state);
        if (live !== undefined) yield live;
      }
    }
  } finally {
    file.close();
  }
}

/** The change of a frame without the entries that are dead or were moved. Undefined if none is left. */
function livePart(frame: Frame, segment: number, state: SpoolState): Change | undefined {
  const text = changeText(frame);
  if (text === undefined) return undefined;
  const change = JSON.parse(text) as Change;
  const isHere = (part: number, entry: EntryLocation | undefined): boolean =>
    entry?.segment === segment && entry.at === frame.at && entry.part === part;
  const lettersOf = (all: readonly StoredLetter[] | undefined, table: SpoolState['letters']): StoredLetter[] =>
    (all ?? []).flatMap((letter, part) => {
      const entry = table.get(tableId(letter.id));
      return entry !== undefined && isHere(part, entry)
        ? [{ ...letter, times: entry.times, firstAtMs: entry.firstAtMs, lastAtMs: entry.lastAtMs }]
        : [];
    });
  const parts = {
    letters: lettersOf(change.letters, state.letters),
    samples: lettersOf(change.samples, state.samples),
    parked: (change.parked ?? []).filter(({ waitsFor, sequence }, part) =>
      isHere(part, state.parked.get(waitsFor)?.get(sequence)),
    ),
    retries: (change.retries ?? []).filter(({ sink, sequence }, part) =>
      isHere(part, state.retries.get(sink)?.get(sequence)),
    ),
  };
  const live = Object.entries(parts).filter(([, entries]) => entries.length > 0);
  return live.length === 0 ? undefined : { isMove: true, ...Object.fromEntries(live) };
}
