// The append-only log: what is appended while a group is being written forms the next one. A group is one write, durable before those
// who wait for it are told.
//
//   append ──► queue of groups ──pump──► underway ──────────put──► file     durable: onDurable, the next group, those who wait
//                                           └───roll, new segment───┘       failed: onFailure, and all that waits is rejected

import { close, fdatasync, fstatSync, write } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { segmentSeed, type StoredRunKey, type Totals } from './format.ts';
import { endOf, type Group, type Location, type NewFrame, runsOf, sealGroup, totalsAfter } from './group.ts';
import {
  appendFrame,
  endGroup,
  type GroupQueue,
  groupQueue,
  isRoomFor,
  lastGroup,
  leftBytes,
  queuedTotals,
  reuse,
  takeAll,
  takeGroup,
} from './group-queue.ts';
import { dsync, type OpenSegment, type SegmentSupply } from './segment-supply.ts';

export type { Location };

/** Everything before it is durable. */
export interface DurableEnd extends Location {
  readonly totals: Totals;
}

/** A group that is durable, as it is told to those who keep an index. */
export interface WrittenGroup extends Location {
  readonly number: number;
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly atMs: number;
  readonly end: DurableEnd;
}

export interface SegmentLog {
  /** Adds a frame to the group that forms. Throws what the log has failed with, or that it is closed. */
  append(frame: NewFrame, payload: string): Location;
  /** Resolves when all that was appended so far is durable; rejects when it cannot be made so. */
  durable(): Promise<void>;
  /** The same without a promise of its own: for the way of a push. */
  whenDurable(resolve: () => void, reject: (error: Error) => void): void;
  /** Ends the group that forms: what is appended from now on is in another one. Returns where that will begin. */
  seal(): { readonly place: Location; readonly group: number; readonly totals: Totals };
  /** What has been appended, ever, durable or not. */
  totals(): Totals;
  /** Whether a frame of so many bytes finds room without another segment, or another one is ready. */
  hasRoomFor(payloadBytes: number): boolean;
  /** Bytes left in the segment that is written. */
  leftBytes(): number;
  /** Whether the file that is written is still in the directory; true before the first write. */
  isThere(): boolean;
  /** The open segment's file, to save what is in it. Undefined: nothing was written yet. */
  openFile(): { readonly file: number; readonly path: string } | undefined;
  /** Refuses whatever comes, and what waits. */
  fail(error: Error): void;
  /** Writes what waits, closes the file, and refuses whatever comes. Rejects when what waits cannot be written. */
  close(): Promise<void>;
}

export interface SegmentLogOptions {
  readonly supply: SegmentSupply;
  readonly clock: Pick<Clock, 'now'>;
  /** The first segment to be written, and its first group. */
  readonly segment: number;
  readonly group: number;
  readonly totals: Totals;
  /** The length that a segment is laid out to. */
  readonly segmentBytes: number;
  /** Called when a segment is begun, before the first group in it is durable. */
  readonly onSegment: (segment: OpenSegment) => void;
  /** Called when a group is durable, before those who wait for it are told. What it throws fails the log. */
  readonly onDurable: (group: WrittenGroup) => void;
  /** Called once when a group could not be made durable, with the runs that are not stored; all that waits is rejected with what it returns. */
  readonly onFailure: (error: Error, lost: readonly StoredRunKey[]) => Error;
  /** In place of the system's; for tests. */
  readonly write?: WriteFunction;
}

/** As fs.write. */
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
  /** The group that is being written. */
  underway: Group | undefined;
  /** The segment that is written; undefined before the first write. */
  open: OpenSegment | undefined;
  /** Whether the pump runs at the end of this turn of the event loop. */
  isScheduled: boolean;
  /** Whatever comes is refused with it. */
  failure: Error | undefined;
}

/** Opens the log behind what was written before; its first segment is made when the first frame comes. */
export function segmentLog(options: SegmentLogOptions): SegmentLog {
  const queue = groupQueue(options, options.segmentBytes);
  const state: LogState = {
    options,
    write: options.write ?? write,
    queue,
    underway: undefined,
    open: undefined,
    isScheduled: false,
    failure: undefined,
  };
  return {
    append: (frame, payload) => append(state, frame, payload),
    durable: () => durable(state),
    whenDurable: (resolve, reject) => whenDurable(state, resolve, reject),
    seal: () => seal(state),
    totals: () => queuedTotals(queue),
    hasRoomFor: (payloadBytes) => options.supply.isReady() || isRoomFor(queue, payloadBytes),
    leftBytes: () => leftBytes(queue),
    isThere: () => state.open === undefined || fstatSync(state.open.file).nlink > 0,
    openFile: () => state.open && { file: state.open.file, path: state.open.path },
    fail: (error) => fail(state, error),
    close: () => closeLog(state),
  };
}

function append(state: LogState, frame: NewFrame, payload: string): Location {
  if (state.failure !== undefined) throw state.failure;
  const place = appendFrame(state.queue, frame, payload);
  if (state.underway === undefined) schedule(state);
  return place;
}

/** Runs the pump when this turn of the event loop has appended all that it has; the end of a write does so by itself. */
function schedule(state: LogState): void {
  if (state.isScheduled || state.underway !== undefined || state.failure !== undefined) return;
  state.isScheduled = true;
  setImmediate(pumpScheduled, state);
}

function pumpScheduled(state: LogState): void {
  state.isScheduled = false;
  pump(state);
}

/** Writes the oldest group, unless one is being written. */
function pump(state: LogState): void {
  if (state.underway !== undefined || state.failure !== undefined) return;
  const group = takeGroup(state.queue);
  if (group === undefined) return;
  state.underway = group;
  if (group.leastBytes === 0) put(state, group, state.open as OpenSegment);
  else void roll(state, group);
}

/** Begins the segment of a group, and writes the group into it. */
async function roll(state: LogState, group: Group): Promise<void> {
  const { supply, clock, onSegment } = state.options;
  try {
    const head = { number: group.segment, firstGroup: group.number, before: group.before, createdAtMs: clock.now() };
    const opened = await supply.take(head, group.leastBytes);
    const former = state.open;
    state.open = opened;
    if (former !== undefined) close(former.file, () => {});
    onSegment(opened);
    put(state, group, opened);
  } catch (error) {
    fail(state, error as Error);
  }
}

function put(state: LogState, group: Group, { head, file }: OpenSegment): void {
  const atMs = state.options.clock.now();
  const bytes = sealGroup(group, segmentSeed(head), atMs);
  state.write(file, group.buffer, 0, bytes, group.at, (error, written) => {
    if (error !== null) return fail(state, error);
    if (written < bytes)
      return fail(state, Object.assign(new Error(`wrote ${written} of ${bytes} bytes`), { code: 'ENOSPC' }));
    if (dsync !== 0) return done(state, group, atMs);
    fdatasync(file, (failed) => (failed === null ? done(state, group, atMs) : fail(state, failed)));
  });
}

function done(state: LogState, group: Group, atMs: number): void {
  if (state.failure !== undefined) return;
  const { segment, at, number, before, waiting } = group;
  try {
    state.options.onDurable({
      segment,
      at,
      number,
      before,
      atMs,
      end: { segment, at: endOf(group), totals: totalsAfter(group) },
    });
  } catch (error) {
    return fail(state, error as Error);
  }
  state.underway = undefined;
  reuse(state.queue, group);
  pump(state);
  for (const { resolve } of waiting) resolve();
}

function fail(state: LogState, error: Error): void {
  if (state.failure !== undefined) return;
  const groups = state.underway === undefined ? [] : [state.underway];
  groups.push(...takeAll(state.queue));
  state.underway = undefined;
  // Nothing is appended while the failure is told.
  state.failure = error;
  const failure = state.options.onFailure(error, groups.flatMap(runsOf));
  state.failure = failure;
  for (const { waiting } of groups) for (const { reject } of waiting) reject(failure);
}

function whenDurable(state: LogState, resolve: () => void, reject: (error: Error) => void): void {
  if (state.failure !== undefined) return reject(state.failure);
  const last = lastGroup(state.queue) ?? state.underway;
  if (last === undefined) return resolve();
  last.waiting.push({ resolve, reject });
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
  const { open } = state;
  if (open !== undefined) await new Promise<void>((resolve) => close(open.file, () => resolve()));
  state.open = undefined;
}
