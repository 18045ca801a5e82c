// Reads the records of the log in order, from any of them on.

import type { Points } from '../../factored-points.ts';
import { frameHeadBytes, frameKinds } from './format.ts';
import { type GroupPlaces, lastWhere } from './group-places.ts';
import { splitPayload } from './payload.ts';
import { type Frame, type GroupPlace, readGroup, type ScannedGroup, type SegmentBytes, segmentBytes } from './scan.ts';
import { segmentPath } from './segment-files.ts';
import { type SegmentEntry, segmentOf } from './segment-table.ts';

export interface LogRecord {
  /** Counts the records, ever, from 1. */
  readonly sequence: number;
  readonly points: Points;
  readonly pointCount: number;
  readonly bytes: number;
}

/** A group, or a whole segment, of which something cannot be read. */
export interface Damage {
  readonly segment: number;
  readonly at: number;
  readonly group: number;
  /** How many of its records, and of the points in them. */
  readonly records: number;
  readonly points: number;
}

export interface ReadRecords {
  readonly records: readonly LogRecord[];
  readonly damage: readonly Damage[];
  /** The last one that was looked for: what is between the records cannot be read. */
  readonly through: number;
}

export interface RecordReader {
  /**
   * Records from one on until there are so many points in them, one at least, and none behind `through`. Reads no further than one
   * segment goes. Undefined when the first one is not there yet.
   */
  read(from: number, through: number, maxPoints: number): ReadRecords | undefined;
  close(): void;
}

export interface RecordReaderOptions {
  readonly directory: string;
  /** As they are at the time of a call. */
  readonly segments: () => readonly SegmentEntry[];
  readonly index: GroupPlaces;
  readonly decode: (text: string) => Points;
}

export function recordReader({ directory, segments, index, decode }: RecordReaderOptions): RecordReader {
  let open: { readonly number: number; readonly bytes: SegmentBytes } | undefined;
  /** The group that was read last, its frames still in memory. */
  let last: { readonly segment: number; readonly at: number; readonly group: ScannedGroup } | undefined;

  function close(): void {
    open?.bytes.close();
    open = undefined;
    last = undefined;
  }

  function bytesOf(segment: SegmentEntry): SegmentBytes | undefined {
    if (open?.number === segment.number) return open.bytes;
    close();
    try {
      open = { number: segment.number, bytes: segmentBytes(segmentPath(directory, segment.number)) };
      return open.bytes;
    } catch {
      return undefined;
    }
  }

  function groupAt(segment: SegmentEntry, bytes: SegmentBytes, place: GroupPlace): ScannedGroup | undefined {
    if (last !== undefined && last.segment === segment.number && last.at === place.at) return last.group;
    const group = readGroup({ bytes, seed: segment.seed, limit: segment.end, atLimit: segment.through, groupAtLimit: segment.nextGroup }, place);
    last = group && { segment: segment.number, at: place.at, group };
    return group;
  }

  /** Where the group is that holds a record: the one behind the last that was read, as a rule. */
  function placeOf(segment: SegmentEntry, record: number): GroupPlace | undefined {
    if (last?.segment === segment.number) {
      const { head, next } = last.group;
      if (record > head.before.records && record <= head.before.records + head.records) return { at: last.at, number: head.number, before: head.before };
      if (record === next.before.records + 1 && next.at < segment.end) return next;
    }
    const groups = index.of(segment);
    return groups[Math.max(0, lastWhere(groups, ({ before }) => before.records < record))];
  }

  return {
    read(from, through, maxPoints) {
      const segment = segmentOf(segments(), from);
      if (segment === undefined) return undefined;
      // What is before it was in a segment that nobody knows any more.
      if (segment.before.records >= from) return { records: [], damage: [hole(segments(), segment, from, through)], through: Math.min(through, segment.before.records) };
      const end = Math.min(through, segment.through.records);
      const bytes = bytesOf(segment);
      const records: LogRecord[] = [];
      const damage: Damage[] = [];
      let points = 0;
      let reached = from - 1;
      let place = bytes && placeOf(segment, from);
      while (bytes !== undefined && place !== undefined && reached < end) {
        const group = groupAt(segment, bytes, place);
        if (group === undefined) break;
        for (const frame of group.frames) {
          const sequence = group.head.before.records + frame.record + 1;
          if (frame.points === 0 || sequence <= reached) continue;
          // What is behind the end was finished before: this is the last that is read of the group.
          if (sequence > end && group.lost !== undefined) damage.push({ segment: segment.number, at: place.at, group: group.head.number, records: group.lost.records, points: group.lost.points });
          if (sequence > end || (points > 0 && points + frame.points > maxPoints)) return { records, damage, through: Math.min(end, sequence - 1) };
          records.push(recordOf(sequence, frame, decode));
          points += frame.points;
          reached = sequence;
        }
        if (group.lost !== undefined) damage.push({ segment: segment.number, at: place.at, group: group.head.number, records: group.lost.records, points: group.lost.points });
        reached = Math.max(reached, Math.min(end, group.next.before.records));
        place = group.next;
        if (points >= maxPoints) return { records, damage, through: reached };
      }
      if (reached < end) damage.push(missing(segment, reached, end));
      return { records, damage, through: end };
    },
    close,
  };
}

/** Of a segment that is not there, or ends too early. */
function missing({ number, firstGroup, before, through, end }: SegmentEntry, reached: number, last: number): Damage {
  const share = (last - reached) / Math.max(1, through.records - before.records);
  return { segment: number, at: end, group: firstGroup, records: last - reached, points: Math.round((through.points - before.points) * share) };
}

/** Of the points in it no more is known than how many had been appended before it and behind it. */
function hole(segments: readonly SegmentEntry[], { number, firstGroup, before }: SegmentEntry, from: number, through: number): Damage {
  const last = segments.findLast((segment) => segment.number < number)?.through ?? { records: from - 1, points: from === 1 ? 0 : before.points };
  const records = Math.min(through, before.records) - from + 1;
  const share = records / Math.max(1, before.records - last.records);
  return { segment: number, at: 0, group: firstGroup - 1, records, points: Math.round((before.points - last.points) * share) };
}

function recordOf(sequence: number, { kind, payload, points }: Frame, decode: (text: string) => Points): LogRecord {
  const text = kind === frameKinds.both ? splitPayload(payload).points : payload.toString('utf8');
  return { sequence, points: decode(text), pointCount: points, bytes: frameHeadBytes + payload.length };
}
