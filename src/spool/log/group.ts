// A group of frames in memory, from its first frame until it is written. The buffer has the layout of the file.

import {
  type FrameHeader,
  frameHeaderBytes,
  groupHeaderBytes,
  groupSeed,
  readFrameHeader,
  sealFrames,
  type StoredRunKey,
  terminatorBytes,
  type Totals,
  writeFrameHeader,
  writeGroupHeader,
} from './format.ts';

export type NewFrame = Pick<FrameHeader, 'kind' | 'points' | 'run'>;

/** The start of a frame or a group. */
export interface Location {
  readonly segment: number;
  /** Offset in the segment's file. */
  readonly at: number;
}

export interface Group extends Location {
  readonly number: number;
  readonly before: Totals;
  /** Bytes that the segment must have if the group is the first in it; otherwise 0. */
  readonly minSegmentBytes: number;
  readonly waiters: Waiter[];
  buffer: Buffer;
  /** Used bytes of the buffer, including the space for the group header. */
  used: number;
  frames: number;
  records: number;
  points: number;
  recordBytes: number;
}

/** Called when a group is durable, or when it failed. */
interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** An upper bound: a UTF-16 unit takes at most three bytes in UTF-8. */
export function maxFrameBytes(payload: string): number {
  return frameHeaderBytes + payload.length * 3;
}

/** Adds a frame, growing the buffer if necessary. Returns the offset of the frame in the file. */
export function addFrame(group: Group, { kind, points, run }: NewFrame, payload: string): number {
  const { used } = group;
  const neededBytes = used + maxFrameBytes(payload) + terminatorBytes;
  if (neededBytes > group.buffer.length) grow(group, neededBytes);
  const length = group.buffer.write(payload, used + frameHeaderBytes, 'utf8');
  writeFrameHeader(group.buffer, used, length, { kind, record: group.records, points, run });
  group.used += frameHeaderBytes + length;
  group.frames += 1;
  if (points > 0) {
    group.records += 1;
    group.points += points;
    group.recordBytes += frameHeaderBytes + length;
  }
  return group.at + used;
}

/** Offset of the end of the group in the file. */
export function groupEnd({ at, used }: Group): number {
  return at + used;
}

function grow(group: Group, minBytes: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(minBytes, group.buffer.length * 2));
  group.buffer.copy(larger, 0, 0, group.used);
  group.buffer = larger;
}

export function totalsAfter({ before, records, points, recordBytes }: Group): Totals {
  return { records: before.records + records, points: before.points + points, bytes: before.bytes + recordBytes };
}

/** Writes checksums, group header and terminator into the buffer. Returns the number of bytes to write to the file. */
export function sealGroup(group: Group, seed: number, atMs: number): number {
  const { buffer, used, number, frames, records, points, before } = group;
  sealFrames(buffer, groupHeaderBytes, used, groupSeed(number, seed));
  writeGroupHeader(buffer, 0, { number, length: used - groupHeaderBytes, frames, records, points, before, atMs }, seed);
  buffer.fill(0, used, used + terminatorBytes);
  return used + terminatorBytes;
}

export function runsOf({ buffer, used }: Group): StoredRunKey[] {
  const runs: StoredRunKey[] = [];
  for (let at = groupHeaderBytes; at < used; at += frameHeaderBytes + buffer.readUInt32LE(at)) {
    const { run } = readFrameHeader(buffer, at);
    if (run.hi !== 0) runs.push(run);
  }
  return runs;
}
