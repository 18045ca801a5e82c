// The append-only log with group commit: frames appended during a write form the next group, one durable write each.
//
//   append ──► queue ──pump──► in flight ────────writeGroup──► file     durable: onDurable, next group, waiters
//                                  └──roll, new segment──┘              failed: onFailure, all waiters rejected

import { close, fdatasync, fstatSync, write } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { segmentSeed, type StoredRunKey, type Totals } from './format.ts';
import { type Group, groupEnd, type Location, type NewFrame, runsOf, sealGroup, totalsAfter } from './group.ts';
import {
  appendedTotals,
  appendFrame,
  endGroup,
  type GroupQueue,
  groupQueue,
  hasRoomFor,
  leftBytes,
  newestGroup,
  recycleBuffer,
  takeAllGroups,
  takeGroup,
} from './group-queue.ts';
import { dsync, type OpenSegment, type SegmentAllocator } from './segment-allocator.ts';

export type { Location };

/** Everything before it is durable. */
export interface DurableEnd extends Location {
  readonly totals: Totals;
}

/** A durable group, for the group table. */
export interface WrittenGroup extends Location {
  readonly number: number;
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly atMs: number;
  readonly end: DurableEnd;
}

export interface SegmentLog {
  /** Adds a frame to the forming group. Throws once the log has failed or is closed. */
  append(frame: NewFrame, payload: string): Location;
  /** Resolves when everything appended so far is durable. Rejects if that fails. */
  durable(): Promise<void>;
  /** Like `durable`, without allocating a promise. */
  whenDurable(resolve: () => void, reject: (error: Error) => void): void;
  /** Ends the forming group and returns the start of the next one. */
  seal(): { readonly place: Location; readonly group: number; readonly totals: Totals };
  /** Totals of everything appended, durable or not. */
  totals(): Totals;
  /** Reports whether a payload fits into the open segment, or a spare segment is ready. */
  hasRoomFor(payloadBytes: number): boolean;
  /** Unused bytes of the open segment. */
  leftBytes(): number;
  /** False once the open segment's file is unlinked. */
  isFileInPlace(): boolean;
  /** The file of the open segment; undefined before the first write. */
  openFile(): { readonly file: number; readonly path: string } | undefined;
  /** Fails the log: rejects all waiters and every later append. */
  fail(error: Error): void;
  /** Writes the queued groups and closes the file. Rejects if they cannot be written. */
  close(): Promise<void>;
}

interface SegmentLogOptions {
  readonly allocator: SegmentAllocator;
  readonly clock: Pick<Clock, 'now'>;
  /** Numbers of the first segment and the first group to write. */
  readonly segment: number;
  readonly group: number;
  readonly totals: Totals;
  readonly segmentBytes: number;
  /** Called for a new segment, before its first group is durable. */
  readonly onSegment: (segment: OpenSegment) => void;
  /** Called for a durable group, before its waiters. An exception fails the log. */
  readonly onDurable: (group: WrittenGroup) => void;
  /** Called once, with the runs of all failed groups. The waiters are rejected with the error it returns. */
  readonly onFailure: (error: Error, lost: readonly StoredRunKey[]) => Error;
  /** Replaces fs.write in tests. */
  readonly write?: WriteFunction;
}

/** The signature of fs.write. */
export type WriteFunction = (
  file: number,
  bytes: Buffer,
  from: number,
  length: number,
  at: number,
  done: (error: Error | null, written: number) => void,
) => void;

interface LogState {
  readonly options: SegmentLogOptions;
  readonly write: WriteFunction;
  readonly queue: GroupQueue;
  inFlight: Group | undefined;
  /** Undefined before the first write. */
  openSegment: OpenSegment | undefined;
  /** True if the pump runs at the end of this turn of the event loop. */
  isScheduled: boolean;
  failure: Error | undefined;
}

/** Opens the log after the last recovered group. Its first segment is created on the first append. */
export function segmentLog(options: SegmentLogOptions): SegmentLog {
  const queue = groupQueue(options, options.segmentBytes);
  const state: LogState = {
    options,
    write: options.write ?? write,
    queue,
    inFlight: undefined,
    openSegment: undefined,
    isScheduled: false,
    failure: undefined,
  };
  return {
    append: (frame, payload) => append(state, frame, payload),
    durable: () => durable(state),
    whenDurable: (resolve, reject) => whenDurable(state, resolve, reject),
    seal: () => seal(state),
    totals: () => appendedTotals(queue),
    hasRoomFor: (payloadBytes) => options.allocator.hasSpare() || hasRoomFor(queue, payloadBytes),
    leftBytes: () => leftBytes(queue),
    isFileInPlace: () => state.openSegment === undefined || fstatSync(state.openSegment.file).nlink > 0,
    openFile: () => state.openSegment && { file: state.openSegment.file, path: state.openSegment.path },
    fail: (error) => fail(state, error),
    close: () => closeLog(state),
  };
}

function append(state: LogState, frame: NewFrame, payload: string): Location {
  if (state.failure !== undefined) throw state.failure;
  const place = appendFrame(state.queue, frame, payload);
  if (state.inFlight === undefined) schedule(state);
  return place;
}

/** Runs the pump at the end of this turn of the event loop, so that all appends of the turn share a group. */
function schedule(state: LogState): void {
  if (state.isScheduled || state.inFlight !== undefined || state.failure !== undefined) return;
  state.isScheduled = true;
  setImmediate(pumpScheduled, state);
}

function pumpScheduled(state: LogState): void {
  state.isScheduled = false;
  pump(state);
}

/** Writes the oldest group, unless one is in flight. */
function pump(state: LogState): void {
  if (state.inFlight !== undefined || state.failure !== undefined) return;
  const group = takeGroup(state.queue);
  if (group === undefined) return;
  state.inFlight = group;
  if (group.minSegmentBytes === 0) writeGroup(state, group, state.openSegment as OpenSegment);
  else void roll(state, group);
}

/** Starts a new segment with a group. */
async function roll(state: LogState, group: Group): Promise<void> {
  const { allocator, clock, onSegment } = state.options;
  try {
    const header = { number: group.segment, firstGroup: group.number, before: group.before, createdAtMs: clock.now() };
    const opened = await allocator.allocate(header, group.minSegmentBytes);
    const previous = state.openSegment;
    state.openSegment = opened;
    if (previous !== undefined) close(previous.file, () => {});
    onSegment(opened);
    writeGroup(state, group, opened);
  } catch (error) {
    fail(state, error as Error);
  }
}

function writeGroup(state: LogState, group: Group, { header, file }: OpenSegment): void {
  const atMs = state.options.clock.now();
  const bytes = sealGroup(group, segmentSeed(header), atMs);
  state.write(file, group.buffer, 0, bytes, group.at, (error, written) => {
    if (error !== null) return fail(state, error);
    if (written < bytes)
      return fail(state, Object.assign(new Error(`wrote ${written} of ${bytes} bytes`), { code: 'ENOSPC' }));
    if (dsync !== 0) return groupDurable(state, group, atMs);
    fdatasync(file, (failed) => (failed === null ? groupDurable(state, group, atMs) : fail(state, failed)));
  });
}

function groupDurable(state: LogState, group: Group, atMs: number): void {
  if (state.failure !== undefined) return;
  const { segment, at, number, before, waiters } = group;
  try {
    state.options.onDurable({
      segment,
      at,
      number,
      before,
      atMs,
      end: { segment, at: groupEnd(group), totals: totalsAfter(group) },
    });
  } catch (error) {
    return fail(state, error as Error);
  }
  state.inFlight = undefined;
  recycleBuffer(state.queue, group);
  pump(state);
  for (const { resolve } of waiters) resolve();
}

function fail(state: LogState, error: Error): void {
  if (state.failure !== undefined) return;
  const groups = state.inFlight === undefined ? [] : [state.inFlight];
  groups.push(...takeAllGroups(state.queue));
  state.inFlight = undefined;
  // Refuses appends from within onFailure.
  state.failure = error;
  const failure = state.options.onFailure(error, groups.flatMap(runsOf));
  state.failure = failure;
  for (const { waiters } of groups) for (const { reject } of waiters) reject(failure);
}

function whenDurable(state: LogState, resolve: () => void, reject: (error: Error) => void): void {
  if (state.failure !== undefined) return reject(state.failure);
  const last = newestGroup(state.queue) ?? state.inFlight;
  if (last === undefined) return resolve();
  last.waiters.push({ resolve, reject });
}

function durable(state: LogState): Promise<void> {
  return new Promise((resolve, reject) => whenDurable(state, resolve, reject));
}

function seal(state: LogState): ReturnType<SegmentLog['seal']> {
  const { queue } = state;
  endGroup(queue);
  if (queue.ended.length > 0) schedule(state);
  const { segment, at, group, totals } = queue.next;
  return { place: { segment, at }, group, totals };
}

async function closeLog(state: LogState): Promise<void> {
  if (state.failure === undefined) await durable(state);
  state.failure ??= new Error('the spool is closed');
  const { openSegment } = state;
  if (openSegment !== undefined) await new Promise<void>((resolve) => close(openSegment.file, () => resolve()));
  state.openSegment = undefined;
}
