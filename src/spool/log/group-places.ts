// Where the groups of a segment begin, what had been appended before each, and when it was. Read from the heads when it is first asked
// for, and held for the few segments that were asked for last.

import { firstGroupAt, groupHeadBytes, readGroupHead } from './format.ts';
import { type GroupPlace, readGroup, segmentBytes } from './scan.ts';
import { segmentPath } from './segment-files.ts';
import type { SegmentEntry } from './segment-table.ts';

export interface PlacedGroup extends GroupPlace {
  /** ms since 1970 UTC; 0 where its head cannot be read. */
  readonly atMs: number;
}

export interface GroupPlaces {
  /** The groups of a segment that are durable, in order; none of one whose file cannot be read. */
  of(segment: SegmentEntry): readonly PlacedGroup[];
  /** Notes a group that was just written, so that it need not be read. */
  note(segment: SegmentEntry, group: PlacedGroup, end: number): void;
}

const segmentsHeld = 3;
/** Little more than heads is looked at, and mostly one or two that are new. */
const windowBytes = 4096;

export function groupPlaces(directory: string): GroupPlaces {
  const held = new Map<number, { readonly groups: PlacedGroup[]; next: GroupPlace }>();

  return {
    of(segment) {
      const found = held.get(segment.number) ?? { groups: [], next: firstPlace(segment) };
      held.delete(segment.number);
      held.set(segment.number, found);
      for (const number of held.keys()) if (held.size > segmentsHeld) held.delete(number);
      if (found.next.at < segment.end) found.next = extend(directory, segment, found.groups, found.next);
      return found.groups;
    },
    note(segment, group, end) {
      const found =
        held.get(segment.number) ?? (group.at === firstGroupAt ? { groups: [], next: firstPlace(segment) } : undefined);
      if (found === undefined || found.next.at !== group.at) return;
      held.set(segment.number, found);
      found.groups.push(group);
      found.next = { at: end, number: group.number + 1, before: segment.through };
    },
  };
}

/** Where the first group of a segment is expected. */
export function firstPlace({ firstGroup, before }: Pick<SegmentEntry, 'firstGroup' | 'before'>): GroupPlace {
  return { at: firstGroupAt, number: firstGroup, before };
}

function extend(directory: string, segment: SegmentEntry, groups: PlacedGroup[], from: GroupPlace): GroupPlace {
  const { end, seed, through } = segment;
  let place = from;
  let bytes: ReturnType<typeof segmentBytes>;
  try {
    bytes = segmentBytes(segmentPath(directory, segment.number), windowBytes);
  } catch {
    return from;
  }
  try {
    while (place.at < end) {
      const head = readGroupHead(bytes.read(place.at, groupHeadBytes, end), 0, seed);
      const options = { bytes, seed, limit: end, atLimit: through, groupAtLimit: segment.nextGroup };
      if (head?.number === place.number) {
        groups.push({ at: place.at, number: head.number, before: head.before, atMs: head.atMs });
        const { before, records, points } = head;
        // The bytes of its records are in the next head.
        place = {
          at: place.at + groupHeadBytes + head.length,
          number: head.number + 1,
          before: { records: before.records + records, points: before.points + points, bytes: before.bytes },
        };
        continue;
      }
      groups.push({ ...place, atMs: groups.at(-1)?.atMs ?? segment.createdAtMs });
      const group = readGroup(options, place);
      if (group === undefined) break;
      place = group.next;
    }
    return place;
  } finally {
    bytes.close();
  }
}

/** The last group at whose beginning something still is so, of groups of which the older ones are and the newer ones are not; -1: none. */
export function lastWhere(groups: readonly PlacedGroup[], isSo: (group: PlacedGroup) => boolean): number {
  let [low, high] = [0, groups.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isSo(groups[middle] as PlacedGroup)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
