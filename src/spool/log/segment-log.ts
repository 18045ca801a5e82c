// The append-only log: what is appended while a group is being written forms the next one. A group is one write, durable before those
// who wait for it are told.

import { close, fdatasync, fstatSync, write } from 'node:fs';
import type { Clock } from '../../clock.ts';
import {
  type FrameHead,
  frameHeadBytes,
  groupHeadBytes,
  groupSeed,
  readFrameHead,
  sealFrames,
  segmentSeed,
  type StoredRunKey,
  terminatorBytes,
  type Totals,
  writeFrameHead,
  writeGroupHead,
  firstGroupAt,
} from './format.ts';
import { dsync, type OpenSegment, type SegmentSupply } from './segment-supply.ts';

/** Where a frame stands, or will stand. */
export interface Location {
  readonly segment: number;
  readonly at: number;
}

/** Everything before it is durable. */
export interface DurableEnd extends Location {
  readonly totals: Totals;
}

/** A group that is durable, as it is told to those who keep an index. */
export interface WrittenGroup extends Location {
  readonly number: number;
  readonly before: Totals;
  readonly atMs: number;
  readonly end: DurableEnd;
}

export interface SegmentLog {
  /** Adds a frame to the group that forms. */
  append(frame: Pick<FrameHead, 'kind' | 'points' | 'run'>, payload: string): Location;
  /** Resolves when all that was appended so far is durable; rejects when it cannot be made so. */
  durable(): Promise<void>;
  /** The same without a promise of its own: for the way of a push. */
  whenDurable(resolve: () => void, reject: (error: Error) => void): void;
  /** Ends the group that forms: what is appended from now on is in another one. Where that will begin. */
  seal(): { readonly place: Location; readonly group: number; readonly totals: Totals };
  /** What has been appended, ever, durable or not. */
  totals(): Totals;
  /** Whether a frame of so many bytes finds room without another segment, or another one is ready. */
  hasRoomFor(payloadBytes: number): boolean;
  /** Bytes left in the segment that is written. */
  leftBytes(): number;
  /** Whether the file that is written is still in the directory. */
  isThere(): boolean;
  /** The open segment's file, to save what is in it. Undefined: nothing was written yet. */
  openFile(): { readonly file: number; readonly path: string } | undefined;
  /** Refuses whatever comes, and what waits. */
  fail(error: Error): void;
  /** Writes what waits; then refuses. */
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
  /** Called when a group is durable, before those who wait for it are told. */
  readonly onDurable: (group: WrittenGroup) => void;
  /** Called once when a group could not be made durable, with the runs that are not stored; all that waits is rejected with what it returns. */
  readonly onFailure: (error: Error, lost: readonly StoredRunKey[]) => Error;
  /** In place of the system's; for tests. */
  readonly write?: WriteFunction;
}

/** As fs.write. */
export type WriteFunction = (file: number, bytes: Buffer, from: number, length: number, at: number, done: (error: Error | null, written: number) => void) => void;

/** A group that forms, waits to be written, or is being written. */
interface Group {
  readonly segment: number;
  /** Of its head, in the segment's file. */
  readonly at: number;
  readonly number: number;
  readonly before: Totals;
  buffer: Buffer;
  /** Of the buffer, the room for the head included. */
  used: number;
  frames: number;
  records: number;
  points: number;
  recordBytes: number;
  /** Of the segment that it begins; of others 0. */
  leastBytes: number;
  readonly waiting: Waiting[];
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const bufferBytes = 1 << 18;
/** A group that has become so large is ended, so that the first of it do not wait for the last. */
const maxGroupBytes = 1 << 20;

/** Opens the log behind what was written before; its first segment is made when the first frame comes. */
export function segmentLog(options: SegmentLogOptions): SegmentLog {
  const { supply, segmentBytes, write: writeFile = write } = options;
  const spares: Buffer[] = [];
  const queue: Group[] = [];
  let underway: Group | undefined;
  let forming: Group | undefined;
  let open: OpenSegment | undefined;
  let isScheduled = false;
  let failure: Error | undefined;
  /** Where the group after those that formed already begins. */
  let next = { segment: options.segment, at: firstGroupAt, group: options.group, totals: options.totals, isNew: true };
  /** The length of the segment in which that is. */
  let length = segmentBytes;

  function begin(frameBytes: number): Group {
    const wanted = groupHeadBytes + frameBytes + terminatorBytes;
    if (!next.isNew && next.at + wanted > length) next = { ...next, segment: next.segment + 1, at: firstGroupAt, isNew: true };
    const leastBytes = next.isNew ? Math.max(segmentBytes, firstGroupAt + wanted) : 0;
    if (next.isNew) length = leastBytes;
    next.isNew = false;
    const spare = spares.pop();
    const buffer = spare !== undefined && spare.length >= wanted ? spare : Buffer.allocUnsafeSlow(Math.max(bufferBytes, wanted));
    return {
      ...{ segment: next.segment, at: next.at, number: next.group, before: next.totals, buffer, used: groupHeadBytes, leastBytes },
      ...{ frames: 0, records: 0, points: 0, recordBytes: 0, waiting: [] },
    };
  }

  /** Ends the group that forms. */
  function end(): void {
    if (forming === undefined) return;
    next = { ...next, at: forming.at + forming.used, group: forming.number + 1, totals: totalsAfter(forming) };
    queue.push(forming);
    forming = undefined;
    schedule();
  }

  function schedule(): void {
    if (isScheduled || underway !== undefined || failure !== undefined) return;
    isScheduled = true;
    setImmediate(pump);
  }

  function pump(): void {
    isScheduled = false;
    if (underway !== undefined || failure !== undefined) return;
    if (queue.length === 0) end();
    isScheduled = false;
    underway = queue.shift();
    if (underway === undefined) return;
    if (underway.leastBytes === 0) put(underway, open as OpenSegment);
    else void roll(underway);
  }

  async function roll(group: Group): Promise<void> {
    try {
      const head = { number: group.segment, firstGroup: group.number, before: group.before, createdAtMs: options.clock.now() };
      const opened = await supply.take(head, group.leastBytes);
      const former = open;
      open = opened;
      if (former !== undefined) close(former.file, () => {});
      options.onSegment(opened);
      put(group, opened);
    } catch (error) {
      fail(error as Error);
    }
  }

  function put(group: Group, { head, file }: OpenSegment): void {
    const atMs = options.clock.now();
    const bytes = sealed(group, segmentSeed(head), atMs);
    writeFile(file, group.buffer, 0, bytes, group.at, (error, written) => {
      if (error !== null) return fail(error);
      if (written < bytes) return fail(Object.assign(new Error(`wrote ${written} of ${bytes} bytes`), { code: 'ENOSPC' }));
      if (dsync !== 0) return done(group, atMs);
      fdatasync(file, (failed) => (failed === null ? done(group, atMs) : fail(failed)));
    });
  }

  function done(group: Group, atMs: number): void {
    if (failure !== undefined) return;
    const { segment, at, number, before, waiting } = group;
    const totals = totalsAfter(group);
    try {
      options.onDurable({ segment, at, number, before, atMs, end: { segment, at: at + group.used, totals } });
    } catch (error) {
      return fail(error as Error);
    }
    underway = undefined;
    if (group.buffer.length === bufferBytes && spares.length < 4) spares.push(group.buffer);
    if (queue.length > 0 || forming !== undefined) pump();
    for (const { resolve } of waiting) resolve();
  }

  function fail(error: Error): void {
    if (failure !== undefined) return;
    const groups = [underway, ...queue.splice(0), forming].filter((group) => group !== undefined);
    underway = undefined;
    forming = undefined;
    failure = error;
    failure = options.onFailure(error, groups.flatMap(runsOf));
    for (const { waiting } of groups) for (const { reject } of waiting) reject(failure);
  }

  function last(): Group | undefined {
    return forming ?? queue.at(-1) ?? underway;
  }

  function whenDurable(resolve: () => void, reject: (error: Error) => void): void {
    if (failure !== undefined) return reject(failure);
    const group = last();
    if (group === undefined) return resolve();
    group.waiting.push({ resolve, reject });
  }

  const durable = (): Promise<void> => new Promise(whenDurable);

  return {
    append(frame, payload) {
      if (failure !== undefined) throw failure;
      // Three bytes of UTF-8 for a unit of UTF-16 at most.
      const mostBytes = frameHeadBytes + payload.length * 3;
      if (forming !== undefined && isTooMuch(forming, mostBytes, length)) end();
      forming ??= begin(mostBytes);
      if (underway === undefined) schedule();
      return { segment: forming.segment, at: add(forming, frame, payload) };
    },
    durable,
    whenDurable,
    seal() {
      end();
      return { place: { segment: next.segment, at: next.at }, group: next.group, totals: next.totals };
    },
    totals: () => (forming === undefined ? next.totals : totalsAfter(forming)),
    hasRoomFor(payloadBytes) {
      const at = forming === undefined ? next.at + groupHeadBytes : forming.at + forming.used;
      return supply.isReady() || (!next.isNew && at + frameHeadBytes + payloadBytes + terminatorBytes <= length);
    },
    leftBytes: () => Math.max(0, length - (forming === undefined ? next.at : forming.at + forming.used)),
    isThere: () => open === undefined || fstatSync(open.file).nlink > 0,
    openFile: () => open && { file: open.file, path: open.path },
    fail,
    async close() {
      if (failure === undefined) await durable();
      failure ??= new Error('the spool is closed');
      if (open !== undefined) await new Promise<void>((resolve) => close((open as OpenSegment).file, () => resolve()));
      open = undefined;
    },
  };
}

function totalsAfter({ before, records, points, recordBytes }: Group): Totals {
  return { records: before.records + records, points: before.points + points, bytes: before.bytes + recordBytes };
}

function isTooMuch({ at, used }: Group, moreBytes: number, length: number): boolean {
  return used + moreBytes > maxGroupBytes || at + used + moreBytes + terminatorBytes > length;
}

/** Puts a frame into the group's buffer; where it will stand in the file. */
function add(group: Group, { kind, points, run }: Pick<FrameHead, 'kind' | 'points' | 'run'>, payload: string): number {
  const { used } = group;
  const room = used + frameHeadBytes + payload.length * 3 + terminatorBytes;
  if (room > group.buffer.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(room, group.buffer.length * 2));
    group.buffer.copy(larger, 0, 0, used);
    group.buffer = larger;
  }
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

/** The runs whose frames are in a group. */
function runsOf({ buffer, used }: Group): StoredRunKey[] {
  const runs: StoredRunKey[] = [];
  for (let at = groupHeadBytes; at < used; at += frameHeadBytes + buffer.readUInt32LE(at)) {
    const { run } = readFrameHead(buffer, at);
    if (run.hi !== 0) runs.push(run);
  }
  return runs;
}

/** Completes the group's bytes; how many they are, the terminator behind them included. */
function sealed(group: Group, seed: number, atMs: number): number {
  const { buffer, used, number, frames, records, points, before } = group;
  sealFrames(buffer, groupHeadBytes, used, groupSeed(number, seed));
  writeGroupHead(buffer, 0, { number, length: used - groupHeadBytes, frames, records, points, before, atMs }, seed);
  buffer.fill(0, used, used + terminatorBytes);
  return used + terminatorBytes;
}
