// The table of groups in a segment: offset, totals and time of each. Built from the group headers on first use.

import { firstGroupAt, groupHeaderBytes, readGroupHeader } from './format.ts';
import { durableScan, type GroupStart, openSegmentFile, readGroup, type SegmentFile } from './scan.ts';
import { segmentPath } from './segment-files.ts';
import type { SegmentEntry } from './segment-table.ts';

interface GroupEntry extends GroupStart {
  /** ms since 1970 UTC. Taken from the group before if the header is damaged. */
  readonly atMs: number;
}

export interface GroupTable {
  /** The durable groups of a segment in order. Empty if its file cannot be opened. */
  of(segment: SegmentEntry): readonly GroupEntry[];
  /** Adds a group that was just written, so that it is not read back. */
  add(segment: SegmentEntry, group: GroupEntry, end: number): void;
}

const cachedSegments = 3;
/** Small, since only headers are read. */
const windowBytes = 4096;

export function groupTable(directory: string): GroupTable {
  const cache = new Map<number, { readonly groups: GroupEntry[]; next: GroupStart }>();

  return {
    of(segment) {
      const found = cache.get(segment.number) ?? { groups: [], next: firstGroupOf(segment) };
      cache.delete(segment.number);
      cache.set(segment.number, found);
      for (const number of cache.keys()) if (cache.size > cachedSegments) cache.delete(number);
      if (found.next.at < segment.end) found.next = extend(directory, segment, found.groups, found.next);
      return found.groups;
    },
    add(segment, group, end) {
      const found =
        cache.get(segment.number) ??
        (group.at === firstGroupAt ? { groups: [], next: firstGroupOf(segment) } : undefined);
      if (found === undefined || found.next.at !== group.at) return;
      cache.set(segment.number, found);
      found.groups.push(group);
      found.next = { at: end, number: group.number + 1, before: segment.through };
    },
  };
}

/** The expected start of a segment's first group. */
export function firstGroupOf({ firstGroup, before }: Pick<SegmentEntry, 'firstGroup' | 'before'>): GroupStart {
  return { at: firstGroupAt, number: firstGroup, before };
}

/** Adds the groups from `from` to the durable end. Returns the start of the next group. */
function extend(directory: string, segment: SegmentEntry, groups: GroupEntry[], from: GroupStart): GroupStart {
  let place = from;
  let file: SegmentFile;
  try {
    file = openSegmentFile(segmentPath(directory, segment.number), windowBytes);
  } catch {
    return from;
  }
  try {
    while (place.at < segment.end) {
      const header = readGroupHeader(file.read(place.at, groupHeaderBytes, segment.end), 0, segment.seed);
      if (header?.number === place.number) {
        const { number, before, records, points, length, atMs } = header;
        groups.push({ at: place.at, number, before, atMs });
        place = {
          at: place.at + groupHeaderBytes + length,
          number: number + 1,
          // The header lacks the bytes of its records; the next header has the correct totals.
          before: { records: before.records + records, points: before.points + points, bytes: before.bytes },
        };
        continue;
      }
      groups.push({ ...place, atMs: groups.at(-1)?.atMs ?? segment.createdAtMs });
      const group = readGroup(durableScan(file, segment), place);
      if (group === undefined) break;
      place = group.next;
    }
    return place;
  } finally {
    file.close();
  }
}

/** Binary search for the last group for which a predicate is true; it must be false for all newer groups. -1: none. */
export function lastGroupWhere(groups: readonly GroupEntry[], isTrue: (group: GroupEntry) => boolean): number {
  let [low, high] = [0, groups.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isTrue(groups[middle] as GroupEntry)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
