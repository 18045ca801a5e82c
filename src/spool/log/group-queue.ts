// Frames become groups here, before anything is written: the group that forms, those that wait to be written, and where in which segment
// each will stand.

import { firstGroupAt, frameHeadBytes, groupHeadBytes, terminatorBytes, type Totals } from './format.ts';
import {
  addFrame,
  emptyGroup,
  endOf,
  type Group,
  type Location,
  mostFrameBytes,
  type NewFrame,
  totalsAfter,
} from './group.ts';

export interface GroupQueue {
  /** The length that a segment is laid out to, unless its first frame needs more. */
  readonly segmentBytes: number;
  /** Groups that have ended and wait to be written, the oldest first. */
  readonly ended: Group[];
  /** The group that frames are added to. */
  forming: Group | undefined;
  /** Where the group after those that formed already begins. */
  next: NextGroup;
  /** The length of the segment in which that is. */
  lengthBytes: number;
  /** Buffers of groups that are written, to be used again. */
  readonly spares: Buffer[];
}

export interface NextGroup extends Location {
  /** Counts the groups, from 1. */
  readonly group: number;
  /** What had been appended, ever, before it. */
  readonly totals: Totals;
  /** Whether it is the first in its segment. */
  readonly isNew: boolean;
}

const bufferBytes = 1 << 18;
const maxSpares = 4;
/** A group that has become so large is ended, so that the first of it do not wait for the last. */
const maxGroupBytes = 1 << 20;

/** A queue without groups; the first one begins a segment. */
export function groupQueue(first: Omit<NextGroup, 'at' | 'isNew'>, segmentBytes: number): GroupQueue {
  const { segment, group, totals } = first;
  return {
    segmentBytes,
    ended: [],
    forming: undefined,
    next: { segment, at: firstGroupAt, group, totals, isNew: true },
    lengthBytes: segmentBytes,
    spares: [],
  };
}

/** Adds a frame to the group that forms, or to another one where that is too large or the segment has no room for more. */
export function appendFrame(queue: GroupQueue, frame: NewFrame, payload: string): Location {
  const mostBytes = mostFrameBytes(payload);
  if (queue.forming !== undefined && isTooMuch(queue, queue.forming, mostBytes)) endGroup(queue);
  const group = (queue.forming ??= begin(queue, mostBytes));
  return { segment: group.segment, at: addFrame(group, frame, payload) };
}

function isTooMuch({ lengthBytes }: GroupQueue, group: Group, moreBytes: number): boolean {
  return group.used + moreBytes > maxGroupBytes || endOf(group) + moreBytes + terminatorBytes > lengthBytes;
}

/** Begins a group with room for a first frame, in the next segment where this one has no room for it. */
function begin(queue: GroupQueue, frameBytes: number): Group {
  const wanted = groupHeadBytes + frameBytes + terminatorBytes;
  let { next } = queue;
  if (!next.isNew && next.at + wanted > queue.lengthBytes)
    next = { ...next, segment: next.segment + 1, at: firstGroupAt, isNew: true };
  const leastBytes = next.isNew ? Math.max(queue.segmentBytes, firstGroupAt + wanted) : 0;
  if (next.isNew) queue.lengthBytes = leastBytes;
  queue.next = { ...next, isNew: false };
  const spare = queue.spares.pop();
  const buffer =
    spare !== undefined && spare.length >= wanted ? spare : Buffer.allocUnsafeSlow(Math.max(bufferBytes, wanted));
  return emptyGroup(
    { segment: next.segment, at: next.at, number: next.group, before: next.totals, leastBytes },
    buffer,
  );
}

/** Ends the group that forms, if there is one: what is appended from now on is in another one. */
export function endGroup(queue: GroupQueue): void {
  const { forming, next } = queue;
  if (forming === undefined) return;
  queue.next = {
    segment: next.segment,
    at: endOf(forming),
    group: forming.number + 1,
    totals: totalsAfter(forming),
    isNew: next.isNew,
  };
  queue.ended.push(forming);
  queue.forming = undefined;
}

/** Takes the oldest group to be written; the one that forms is ended when no other waits. */
export function takeGroup(queue: GroupQueue): Group | undefined {
  if (queue.ended.length === 0) endGroup(queue);
  return queue.ended.shift();
}

/** Takes all groups, the oldest first, the one that forms included; what was in them does not count as appended to `next`. */
export function takeAll(queue: GroupQueue): Group[] {
  const groups = queue.ended.splice(0);
  if (queue.forming !== undefined) groups.push(queue.forming);
  queue.forming = undefined;
  return groups;
}

/** Keeps the buffer of a group that is written, unless it is of an unusual size or enough are kept. */
export function reuse({ spares }: GroupQueue, { buffer }: Group): void {
  if (buffer.length === bufferBytes && spares.length < maxSpares) spares.push(buffer);
}

/** The group of what was appended last, unless it was taken already. */
export function lastGroup({ forming, ended }: GroupQueue): Group | undefined {
  return forming ?? ended.at(-1);
}

/** What has been appended, ever. */
export function queuedTotals({ forming, next }: GroupQueue): Totals {
  return forming === undefined ? next.totals : totalsAfter(forming);
}

/** Bytes left in the segment that frames are appended to. */
export function leftBytes({ forming, next, lengthBytes }: GroupQueue): number {
  return Math.max(0, lengthBytes - (forming === undefined ? next.at : endOf(forming)));
}

/** Whether a frame with so many bytes of payload finds room without another segment. */
export function isRoomFor({ forming, next, lengthBytes }: GroupQueue, payloadBytes: number): boolean {
  const at = forming === undefined ? next.at + groupHeadBytes : endOf(forming);
  return !next.isNew && at + frameHeadBytes + payloadBytes + terminatorBytes <= lengthBytes;
}
