// Reads the records of the log in order, from any of them on.

import type { Points } from '../../model/factored-points.ts';
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
  /** What its frame takes in the log. */
  readonly bytes: number;
}

/** A group, or a whole segment, of which something cannot be read. */
export interface Damage {
  readonly segment: number;
  /** In the segment's file, in bytes. */
  readonly at: number;
  readonly group: number;
  /** How many of its records cannot be read, and of the points in them. */
  readonly records: number;
  readonly points: number;
}

export interface ReadRecords {
  readonly records: readonly LogRecord[];
  readonly damage: readonly Damage[];
  /** The last one that was looked for: of those up to it, what is not among the records cannot be read. */
  readonly through: number;
}

export interface RecordReader {
  /**
   * Records from one on until there are so many points in them, one at least, and none behind `through`. Reads no further than one
   * segment goes. Undefined when the first one is not there yet. A segment whose file cannot be opened is told as damage; throws when
   * the disk fails to read an open one.
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

interface ReaderState extends RecordReaderOptions {
  /** The segment that was read last. */
  open: { readonly number: number; readonly bytes: SegmentBytes } | undefined;
  /** The group that was read last, its frames still in memory. */
  last: { readonly segment: number; readonly at: number; readonly group: ScannedGroup } | undefined;
}

/** A call of `read` while it goes from group to group. */
interface Reading {
  /** The last record that is looked for. */
  readonly end: number;
  readonly maxPoints: number;
  readonly records: LogRecord[];
  readonly damage: Damage[];
  /** How many are in the records. */
  points: number;
  /** The last record that was read, or is known to be damaged. */
  reached: number;
}

/** A reader that has nothing open yet. */
export function recordReader({ directory, segments, index, decode }: RecordReaderOptions): RecordReader {
  const state: ReaderState = { directory, segments, index, decode, open: undefined, last: undefined };
  return {
    read: (from, through, maxPoints) => read(state, from, through, maxPoints),
    close: () => closeSegment(state),
  };
}

function read(state: ReaderState, from: number, through: number, maxPoints: number): ReadRecords | undefined {
  const segment = segmentOf(state.segments(), from);
  if (segment === undefined) return undefined;
  // What is before it was in a segment that nobody knows any more.
  if (segment.before.records >= from)
    return {
      records: [],
      damage: [hole(state.segments(), segment, from, through)],
      through: Math.min(through, segment.before.records),
    };
  const end = Math.min(through, segment.through.records);
  const reading: Reading = { end, maxPoints, records: [], damage: [], points: 0, reached: from - 1 };
  return { records: reading.records, damage: reading.damage, through: readSegment(state, reading, segment, from) };
}

/** Reads the groups of a segment; returns the last record that was looked for. */
function readSegment(state: ReaderState, reading: Reading, segment: SegmentEntry, from: number): number {
  const { end, damage } = reading;
  const bytes = bytesOf(state, segment);
  let place = bytes && placeOf(state, segment, from);
  while (bytes !== undefined && place !== undefined && reading.reached < end) {
    const group = groupAt(state, segment, bytes, place);
    if (group === undefined) break;
    const { head, lost } = group;
    const next = takeRecords(reading, group, state.decode);
    // What is behind the end was finished before: then this is the last that is read of the group.
    const isLastOfGroup = next === undefined || next > end;
    if (lost !== undefined && isLastOfGroup)
      damage.push({
        segment: segment.number,
        at: place.at,
        group: head.number,
        records: lost.records,
        points: lost.points,
      });
    if (next !== undefined) return Math.min(end, next - 1);
    reading.reached = Math.max(reading.reached, Math.min(end, group.next.before.records));
    place = group.next;
    if (reading.points >= reading.maxPoints) return reading.reached;
  }
  if (reading.reached < end) damage.push(missing(segment, reading.reached, end));
  return end;
}

/** Takes the records of a group; returns the first one that is not taken any more, since it is behind the end or too much. */
function takeRecords(
  reading: Reading,
  { head, frames }: ScannedGroup,
  decode: (text: string) => Points,
): number | undefined {
  const { end, maxPoints, records } = reading;
  for (const frame of frames) {
    const sequence = head.before.records + frame.record + 1;
    if (frame.points === 0 || sequence <= reading.reached) continue;
    if (sequence > end || (reading.points > 0 && reading.points + frame.points > maxPoints)) return sequence;
    records.push(recordOf(sequence, frame, decode));
    reading.points += frame.points;
    reading.reached = sequence;
  }
  return undefined;
}

/** The bytes of a segment; undefined when its file cannot be opened. */
function bytesOf(state: ReaderState, { number }: SegmentEntry): SegmentBytes | undefined {
  if (state.open?.number === number) return state.open.bytes;
  closeSegment(state);
  try {
    state.open = { number, bytes: segmentBytes(segmentPath(state.directory, number)) };
    return state.open.bytes;
  } catch {
    return undefined;
  }
}

function groupAt(
  state: ReaderState,
  segment: SegmentEntry,
  bytes: SegmentBytes,
  place: GroupPlace,
): ScannedGroup | undefined {
  const { last } = state;
  if (last !== undefined && last.segment === segment.number && last.at === place.at) return last.group;
  const group = readGroup(
    { bytes, seed: segment.seed, limit: segment.end, atLimit: segment.through, groupAtLimit: segment.nextGroup },
    place,
  );
  state.last = group && { segment: segment.number, at: place.at, group };
  return group;
}

/** Where the group is that holds a record: the one behind the last that was read, as a rule. */
function placeOf({ last, index }: ReaderState, segment: SegmentEntry, record: number): GroupPlace | undefined {
  if (last?.segment === segment.number) {
    const { head, next } = last.group;
    if (record > head.before.records && record <= head.before.records + head.records)
      return { at: last.at, number: head.number, before: head.before };
    if (record === next.before.records + 1 && next.at < segment.end) return next;
  }
  const groups = index.of(segment);
  return groups[
    Math.max(
      0,
      lastWhere(groups, ({ before }) => before.records < record),
    )
  ];
}

function closeSegment(state: ReaderState): void {
  state.open?.bytes.close();
  state.open = undefined;
  state.last = undefined;
}

/** The damage of a segment that is not there, or ends too early; its points are estimated by the share of its records. */
function missing({ number, firstGroup, before, through, end }: SegmentEntry, reached: number, last: number): Damage {
  const share = (last - reached) / Math.max(1, through.records - before.records);
  return {
    segment: number,
    at: end,
    group: firstGroup,
    records: last - reached,
    points: Math.round((through.points - before.points) * share),
  };
}

/** Of the points in it no more is known than how many had been appended before it and behind it. */
function hole(
  segments: readonly SegmentEntry[],
  { number, firstGroup, before }: SegmentEntry,
  from: number,
  through: number,
): Damage {
  const last = segments.findLast((segment) => segment.number < number)?.through ?? {
    records: from - 1,
    points: from === 1 ? 0 : before.points,
  };
  const records = Math.min(through, before.records) - from + 1;
  const share = records / Math.max(1, before.records - last.records);
  return {
    segment: number,
    at: 0,
    group: firstGroup - 1,
    records,
    points: Math.round((before.points - last.points) * share),
  };
}

function recordOf(sequence: number, frame: Frame, decode: (text: string) => Points): LogRecord {
  const text = frame.kind === frameKinds.both ? splitPayload(frame.payload).points : frame.text();
  return { sequence, points: decode(text), pointCount: frame.points, bytes: frameHeadBytes + frame.payloadBytes };
}
