// Collects frames into groups: the forming group, the ended groups to be written, and the location of the next one.

import { firstGroupAt, frameHeaderBytes, groupHeaderBytes, terminatorBytes, type Totals } from './format.ts';
import { addFrame, type Group, groupEnd, type Location, maxFrameBytes, type NewFrame, totalsAfter } from './group.ts';

export interface GroupQueue {
  /** The size of a segment, unless its first frame needs more. */
  readonly segmentBytes: number;
  /** Groups to be written, oldest first. */
  readonly ended: Group[];
  /** The group that frames are added to. */
  forming: Group | undefined;
  next: NextGroup;
  /** The size of the segment of `next`. */
  openSegmentBytes: number;
  /** Buffers of written groups, for reuse. */
  readonly freeBuffers: Buffer[];
}

/** The start of the group after the forming one. */
interface NextGroup extends Location {
  readonly group: number;
  readonly totals: Totals;
  readonly isFirstInSegment: boolean;
}

const bufferBytes = 1 << 18;
const maxFreeBuffers = 4;
/** A larger group is ended, so that its first frames do not wait for its last. */
const maxGroupBytes = 1 << 20;

/** An empty queue whose first group starts a segment. */
export function groupQueue(first: Omit<NextGroup, 'at' | 'isFirstInSegment'>, segmentBytes: number): GroupQueue {
  const { segment, group, totals } = first;
  return {
    segmentBytes,
    ended: [],
    forming: undefined,
    next: { segment, at: firstGroupAt, group, totals, isFirstInSegment: true },
    openSegmentBytes: segmentBytes,
    freeBuffers: [],
  };
}

/** Adds a frame to the forming group. Starts another group if that one or the segment is full. */
export function appendFrame(queue: GroupQueue, frame: NewFrame, payload: string): Location {
  const frameBytes = maxFrameBytes(payload);
  if (queue.forming !== undefined && isOverfull(queue, queue.forming, frameBytes)) endGroup(queue);
  const group = (queue.forming ??= begin(queue, frameBytes));
  return { segment: group.segment, at: addFrame(group, frame, payload) };
}

function isOverfull({ openSegmentBytes }: GroupQueue, group: Group, moreBytes: number): boolean {
  return group.used + moreBytes > maxGroupBytes || groupEnd(group) + moreBytes + terminatorBytes > openSegmentBytes;
}

/** Starts a group with space for its first frame, in the next segment if this one is full. */
function begin(queue: GroupQueue, frameBytes: number): Group {
  const neededBytes = groupHeaderBytes + frameBytes + terminatorBytes;
  let { next } = queue;
  if (!next.isFirstInSegment && next.at + neededBytes > queue.openSegmentBytes)
    next = { ...next, segment: next.segment + 1, at: firstGroupAt, isFirstInSegment: true };
  const { segment, at, group, totals, isFirstInSegment } = next;
  const minSegmentBytes = isFirstInSegment ? Math.max(queue.segmentBytes, firstGroupAt + neededBytes) : 0;
  if (isFirstInSegment) queue.openSegmentBytes = minSegmentBytes;
  queue.next = { ...next, isFirstInSegment: false };
  const free = queue.freeBuffers.pop();
  const buffer =
    free !== undefined && free.length >= neededBytes
      ? free
      : Buffer.allocUnsafeSlow(Math.max(bufferBytes, neededBytes));
  return {
    segment,
    at,
    number: group,
    before: totals,
    minSegmentBytes,
    waiters: [],
    buffer,
    used: groupHeaderBytes,
    frames: 0,
    records: 0,
    points: 0,
    recordBytes: 0,
  };
}

/** Ends the forming group, if any: the next frame starts another one. */
export function endGroup(queue: GroupQueue): void {
  const { forming, next } = queue;
  if (forming === undefined) return;
  queue.next = { ...next, at: groupEnd(forming), group: forming.number + 1, totals: totalsAfter(forming) };
  queue.ended.push(forming);
  queue.forming = undefined;
}

/** Removes the oldest group. Ends the forming one if no other waits. */
export function takeGroup(queue: GroupQueue): Group | undefined {
  if (queue.ended.length === 0) endGroup(queue);
  return queue.ended.shift();
}

/** Removes all groups after a failure, oldest first. `next` is not advanced past the forming one. */
export function takeAllGroups(queue: GroupQueue): Group[] {
  const groups = queue.ended.splice(0);
  if (queue.forming !== undefined) groups.push(queue.forming);
  queue.forming = undefined;
  return groups;
}

/** Keeps the buffer of a written group for reuse, unless it has grown. */
export function recycleBuffer({ freeBuffers }: GroupQueue, { buffer }: Group): void {
  if (buffer.length === bufferBytes && freeBuffers.length < maxFreeBuffers) freeBuffers.push(buffer);
}

export function newestGroup({ forming, ended }: GroupQueue): Group | undefined {
  return forming ?? ended.at(-1);
}

/** Totals including the forming group. */
export function appendedTotals({ forming, next }: GroupQueue): Totals {
  return forming === undefined ? next.totals : totalsAfter(forming);
}

/** Unused bytes of the open segment. */
export function leftBytes({ forming, next, openSegmentBytes }: GroupQueue): number {
  return Math.max(0, openSegmentBytes - (forming === undefined ? next.at : groupEnd(forming)));
}

/** Reports whether a payload fits into the open segment. */
export function hasRoomFor({ forming, next, openSegmentBytes }: GroupQueue, payloadBytes: number): boolean {
  const at = forming === undefined ? next.at + groupHeaderBytes : groupEnd(forming);
  return !next.isFirstInSegment && at + frameHeaderBytes + payloadBytes + terminatorBytes <= openSegmentBytes;
}
