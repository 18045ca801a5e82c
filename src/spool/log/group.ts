// A group of frames in memory, from its first frame until it is written: its bytes in a buffer, laid out as they will stand in the file.

import {
  type FrameHead,
  frameHeadBytes,
  groupHeadBytes,
  groupSeed,
  readFrameHead,
  sealFrames,
  type StoredRunKey,
  terminatorBytes,
  type Totals,
  writeFrameHead,
  writeGroupHead,
} from './format.ts';

/** What the head of a frame says, but for its place among the records of the group. */
export type NewFrame = Pick<FrameHead, 'kind' | 'points' | 'run'>;

/** Where a frame or a group stands, or will stand. */
export interface Location {
  readonly segment: number;
  /** In the segment's file, in bytes. */
  readonly at: number;
}

/** A group that forms, waits to be written, or is being written. */
export interface Group extends Location {
  /** Counts the groups, from 1. */
  readonly number: number;
  readonly before: Totals;
  /** The length that the segment needs to have, where the group is the first in it; otherwise 0. */
  readonly leastBytes: number;
  readonly waiting: Waiting[];
  buffer: Buffer;
  /** Bytes of the buffer that are used, the room for the head included. */
  used: number;
  frames: number;
  records: number;
  points: number;
  /** Bytes of the frames that have points. */
  recordBytes: number;
}

/** Who is told when a group is durable, or cannot be made so. */
export interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A group without frames; the room for its head is kept free in the buffer. */
export function emptyGroup(
  place: Pick<Group, 'segment' | 'at' | 'number' | 'before' | 'leastBytes'>,
  buffer: Buffer,
): Group {
  const { segment, at, number, before, leastBytes } = place;
  return {
    segment,
    at,
    number,
    before,
    leastBytes,
    waiting: [],
    buffer,
    used: groupHeadBytes,
    frames: 0,
    records: 0,
    points: 0,
    recordBytes: 0,
  };
}

/** Bytes that a frame takes at most: a unit of UTF-16 has at most three bytes in UTF-8. */
export function mostFrameBytes(payload: string): number {
  return frameHeadBytes + payload.length * 3;
}

/** Adds a frame to the group; the buffer grows where it has to. Returns the place of the frame in the file, in bytes. */
export function addFrame(group: Group, { kind, points, run }: NewFrame, payload: string): number {
  const { used } = group;
  const room = used + mostFrameBytes(payload) + terminatorBytes;
  if (room > group.buffer.length) grow(group, room);
  const length = group.buffer.write(payload, used + frameHeadBytes, 'utf8');
  writeFrameHead(group.buffer, used, length, { kind, record: group.records, points, run });
  group.used += frameHeadBytes + length;
  group.frames += 1;
  if (points > 0) {
    group.records += 1;
    group.points += points;
    group.recordBytes += frameHeadBytes + length;
  }
  return group.at + used;
}

/** Where the group ends in the file, as far as it has come; in bytes. */
export function endOf({ at, used }: Group): number {
  return at + used;
}

function grow(group: Group, leastBytes: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(leastBytes, group.buffer.length * 2));
  group.buffer.copy(larger, 0, 0, group.used);
  group.buffer = larger;
}

/** What has been appended, ever, up to the end of the group. */
export function totalsAfter({ before, records, points, recordBytes }: Group): Totals {
  return { records: before.records + records, points: before.points + points, bytes: before.bytes + recordBytes };
}

/**
 * Completes the bytes of the group: the checksums, the head, and the terminator behind it. Returns how many bytes are to be written.
 *
 * @param seed - the seed of the segment's checksums
 * @param atMs - ms since 1970 UTC
 */
export function sealGroup(group: Group, seed: number, atMs: number): number {
  const { buffer, used, number, frames, records, points, before } = group;
  sealFrames(buffer, groupHeadBytes, used, groupSeed(number, seed));
  writeGroupHead(buffer, 0, { number, length: used - groupHeadBytes, frames, records, points, before, atMs }, seed);
  buffer.fill(0, used, used + terminatorBytes);
  return used + terminatorBytes;
}

/** The runs whose frames are in the group. */
export function runsOf({ buffer, used }: Group): StoredRunKey[] {
  const runs: StoredRunKey[] = [];
  for (let at = groupHeadBytes; at < used; at += frameHeadBytes + buffer.readUInt32LE(at)) {
    const { run } = readFrameHead(buffer, at);
    if (run.hi !== 0) runs.push(run);
  }
  return runs;
}
