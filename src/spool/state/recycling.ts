// Which segments are needed no more, and what is carried over from those that are hardly needed.

import type { Change, StoredLetter } from './change.ts';
import { frameKinds } from '../log/format.ts';
import { firstPlace } from '../log/group-places.ts';
import { splitPayload } from '../log/payload.ts';
import { type Frame, readGroup, type SegmentBytes, segmentBytes } from '../log/scan.ts';
import { segmentPath } from '../log/segment-files.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import type { Position } from '../readers/position.ts';
import { indexId, type SpoolState } from './state.ts';

/** What the two checkpoints say that are kept: a segment goes when neither needs it. */
export interface Needs {
  /** The segment of the older one's place. */
  readonly fromSegment: number;
  readonly positions: ReadonlyMap<string, Position>;
  /** Bytes in each segment that are needed beside its records. */
  readonly live: ReadonlyMap<number, number>;
}

/** The segments of which every sink has finished all records, and nothing is needed besides. */
export function unneeded(segments: readonly SegmentEntry[], needs: Needs): SegmentEntry[] {
  return segments.filter(
    (segment) =>
      segment.number < needs.fromSegment && isPassed(segment, needs.positions) && !needs.live.has(segment.number),
  );
}

/** Without a sink nothing is waited for. */
export function isPassed({ before, through }: SegmentEntry, positions: ReadonlyMap<string, Position>): boolean {
  return [...positions.values()].every((position) => {
    if (position.through >= through.records) return true;
    return position.gone !== undefined && position.gone.through <= before.records;
  });
}

/** A segment that every sink has passed is emptied when less than this share of it is needed. */
const shareWorthKeeping = 1 / 2;

/** Those that are worth being emptied. */
export function hardlyNeeded(segments: readonly SegmentEntry[], { positions, live }: SpoolState): SegmentEntry[] {
  return segments.slice(0, -1).filter((segment) => {
    const bytes = live.get(segment.number);
    return bytes !== undefined && bytes < segment.fileBytes * shareWorthKeeping && isPassed(segment, positions);
  });
}

/** What is needed of a segment, as changes to be appended; a frame each. */
export function* carriedOver(directory: string, segment: SegmentEntry, state: SpoolState): Generator<Change> {
  const bytes = opened(segmentPath(directory, segment.number));
  if (bytes === undefined) return;
  try {
    let place = firstPlace(segment);
    while (place.at < segment.end) {
      const group = readGroup(
        { bytes, seed: segment.seed, limit: segment.end, atLimit: segment.through, groupAtLimit: segment.nextGroup },
        place,
      );
      if (group === undefined) return;
      place = group.next;
      for (const frame of group.frames) {
        // Looked at when its turn has come: meanwhile it may have gone.
        const needed = neededOf(frame, segment.number, state);
        if (needed !== undefined) yield needed;
      }
    }
  } finally {
    bytes.close();
  }
}

/** What was in a file that is gone is told as lost when it is asked for. */
function opened(path: string): SegmentBytes | undefined {
  try {
    return segmentBytes(path);
  } catch {
    return undefined;
  }
}

function neededOf({ kind, payload, at }: Frame, segment: number, state: SpoolState): Change | undefined {
  if (kind === frameKinds.points) return undefined;
  const change = JSON.parse(
    kind === frameKinds.both ? splitPayload(payload).change : payload.toString('utf8'),
  ) as Change;
  const isHere = (
    part: number,
    entry: { readonly segment: number; readonly at: number; readonly part: number } | undefined,
  ): boolean => entry !== undefined && entry.segment === segment && entry.at === at && entry.part === part;
  const lettersOf = (all: readonly StoredLetter[] | undefined, index: SpoolState['letters']): StoredLetter[] =>
    (all ?? []).flatMap((letter, part) => {
      const entry = index.get(indexId(letter.id));
      return entry !== undefined && isHere(part, entry)
        ? [{ ...letter, times: entry.times, firstAtMs: entry.firstAtMs, lastAtMs: entry.lastAtMs }]
        : [];
    });
  const letters = lettersOf(change.letters, state.letters);
  const samples = lettersOf(change.samples, state.samples);
  const parked = (change.parked ?? []).filter(({ waitsFor, sequence }, part) =>
    isHere(part, state.parked.get(waitsFor)?.get(sequence)),
  );
  const retries = (change.retries ?? []).filter(({ sink, sequence }, part) =>
    isHere(part, state.retries.get(sink)?.get(sequence)),
  );
  if (letters.length + samples.length + parked.length + retries.length === 0) return undefined;
  return {
    isMove: true,
    ...(letters.length > 0 && { letters }),
    ...(samples.length > 0 && { samples }),
    ...(parked.length > 0 && { parked }),
    ...(retries.length > 0 && { retries }),
  };
}
