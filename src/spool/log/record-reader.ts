// Reads records from the log in sequence, starting at any record.

import type { Points } from '../../model/factored-points.ts';
import { frameHeaderBytes, frameKinds } from './format.ts';
import { type GroupTable, lastGroupWhere } from './group-table.ts';
import { splitPayload } from './payload.ts';
import {
  durableScan,
  type Frame,
  type GroupStart,
  openSegmentFile,
  readGroup,
  type ScannedGroup,
  type SegmentFile,
} from './scan.ts';
import { segmentPath } from './segment-files.ts';
import { type SegmentEntry, segmentOfRecord } from './segment-table.ts';

export interface LogRecord {
  /** From 1, over the life of the log. */
  readonly sequence: number;
  readonly points: Points;
  readonly pointCount: number;
  /** Size of its frame. */
  readonly bytes: number;
}

/** An unreadable part of a group or of a whole segment. */
export interface Damage {
  readonly segment: number;
  /** Offset in the segment's file. */
  readonly at: number;
  readonly group: number;
  /** Unreadable records, and the points in them. */
  readonly records: number;
  readonly points: number;
}

export interface ReadRecords {
  readonly records: readonly LogRecord[];
  readonly damage: readonly Damage[];
  /** The last record covered: any record up to it that is not in `records` is unreadable. */
  readonly through: number;
}

export interface RecordReader {
  /**
   * Reads at least one record, up to `maxPoints` points, not past `through` or the end of the segment. Returns
   * undefined if `from` is not durable yet. A segment that cannot be opened is damage; a read error throws.
   */
  read(from: number, through: number, maxPoints: number): ReadRecords | undefined;
  close(): void;
}

interface RecordReaderOptions {
  readonly directory: string;
  readonly segments: () => readonly SegmentEntry[];
  readonly groups: GroupTable;
  readonly decode: (text: string) => Points;
}

interface ReaderState extends RecordReaderOptions {
  /** The segment of the last read. */
  open: { readonly number: number; readonly file: SegmentFile } | undefined;
  /** The last group read, whose frames are still in memory. */
  last: { readonly segment: number; readonly at: number; readonly group: ScannedGroup } | undefined;
}

/** The progress of one `read`. */
interface Reading {
  /** The last record wanted. */
  readonly end: number;
  readonly maxPoints: number;
  readonly records: LogRecord[];
  readonly damage: Damage[];
  /** Points in `records`. */
  points: number;
  /** The last record that was read or is known to be damaged. */
  reached: number;
}

export function recordReader({ directory, segments, groups, decode }: RecordReaderOptions): RecordReader {
  const state: ReaderState = { directory, segments, groups, decode, open: undefined, last: undefined };
  return {
    read: (from, through, maxPoints) => read(state, from, through, maxPoints),
    close: () => closeSegment(state),
  };
}

function read(state: ReaderState, from: number, through: number, maxPoints: number): ReadRecords | undefined {
  const segment = segmentOfRecord(state.segments(), from);
  if (segment === undefined) return undefined;
  // The records before this segment were in one that is missing.
  if (segment.before.records >= from)
    return {
      records: [],
      damage: [missingSegment(state.segments(), segment, from, through)],
      through: Math.min(through, segment.before.records),
    };
  const end = Math.min(through, segment.through.records);
  const reading: Reading = { end, maxPoints, records: [], damage: [], points: 0, reached: from - 1 };
  return { records: reading.records, damage: reading.damage, through: readSegment(state, reading, segment, from) };
}

/** Reads the groups of a segment. Returns the last record covered. */
function readSegment(state: ReaderState, reading: Reading, segment: SegmentEntry, from: number): number {
  const { end, damage } = reading;
  const file = fileOf(state, segment);
  let place = file && groupOfRecord(state, segment, from);
  while (file !== undefined && place !== undefined && reading.reached < end) {
    const group = groupAt(state, segment, file, place);
    if (group === undefined) break;
    const { header, lost } = group;
    const next = takeRecords(reading, group, state.decode);
    // Records past the end were finished earlier: damage is reported with the last read of the group.
    const isLastOfGroup = next === undefined || next > end;
    if (lost !== undefined && isLastOfGroup)
      damage.push({
        segment: segment.number,
        at: place.at,
        group: header.number,
        records: lost.records,
        points: lost.points,
      });
    if (next !== undefined) return Math.min(end, next - 1);
    reading.reached = Math.max(reading.reached, Math.min(end, group.next.before.records));
    place = group.next;
    if (reading.points >= reading.maxPoints) return reading.reached;
  }
  if (reading.reached < end) damage.push(missingTail(segment, reading.reached, end));
  return end;
}

/** Takes records of a group. Returns the first one not taken because it is past the end or exceeds `maxPoints`. */
function takeRecords(
  reading: Reading,
  { header, frames }: ScannedGroup,
  decode: (text: string) => Points,
): number | undefined {
  const { end, maxPoints, records } = reading;
  for (const frame of frames) {
    const sequence = header.before.records + frame.record + 1;
    if (frame.points === 0 || sequence <= reading.reached) continue;
    if (sequence > end || (reading.points > 0 && reading.points + frame.points > maxPoints)) return sequence;
    records.push(recordOf(sequence, frame, decode));
    reading.points += frame.points;
    reading.reached = sequence;
  }
  return undefined;
}

/** Returns undefined if the file cannot be opened. */
function fileOf(state: ReaderState, { number }: SegmentEntry): SegmentFile | undefined {
  if (state.open?.number === number) return state.open.file;
  closeSegment(state);
  try {
    state.open = { number, file: openSegmentFile(segmentPath(state.directory, number)) };
    return state.open.file;
  } catch {
    return undefined;
  }
}

function groupAt(
  state: ReaderState,
  segment: SegmentEntry,
  file: SegmentFile,
  place: GroupStart,
): ScannedGroup | undefined {
  const { last } = state;
  if (last !== undefined && last.segment === segment.number && last.at === place.at) return last.group;
  const group = readGroup(durableScan(file, segment), place);
  state.last = group && { segment: segment.number, at: place.at, group };
  return group;
}

/** The group of a record. In a sequential read it is the last group read or the one after it. */
function groupOfRecord({ last, groups }: ReaderState, segment: SegmentEntry, record: number): GroupStart | undefined {
  if (last?.segment === segment.number) {
    const { header, next } = last.group;
    const { number, before, records } = header;
    if (record > before.records && record <= before.records + records) return { at: last.at, number, before };
    if (record === next.before.records + 1 && next.at < segment.end) return next;
  }
  const entries = groups.of(segment);
  return entries[
    Math.max(
      0,
      lastGroupWhere(entries, ({ before }) => before.records < record),
    )
  ];
}

function closeSegment(state: ReaderState): void {
  state.open?.file.close();
  state.open = undefined;
  state.last = undefined;
}

/** The damage if a segment's file is missing or too short. Its points are estimated in proportion to its records. */
function missingTail(
  { number, firstGroup, before, through, end }: SegmentEntry,
  reached: number,
  last: number,
): Damage {
  const share = (last - reached) / Math.max(1, through.records - before.records);
  return {
    segment: number,
    at: end,
    group: firstGroup,
    records: last - reached,
    points: Math.round((through.points - before.points) * share),
  };
}

/** The damage if a segment is missing from the table. Its points follow from the totals around it. */
function missingSegment(
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
  return { sequence, points: decode(text), pointCount: frame.points, bytes: frameHeaderBytes + frame.payloadBytes };
}
