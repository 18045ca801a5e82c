// Reads the log at a start: the newest checkpoint, and every change behind it.

import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import type { Change } from './change.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import {
  firstGroupAt,
  frameKinds,
  groupHeadBytes,
  readGroupHead,
  type SegmentHead,
  type StoredRunKey,
  terminatorBytes,
  type Totals,
} from '../log/format.ts';
import { firstPlace } from '../log/group-places.ts';
import { splitPayload } from '../log/payload.ts';
import {
  type Frame,
  type GroupPlace,
  isEnd,
  nextHead,
  readGroup,
  type ScannedGroup,
  type ScanOptions,
  type SegmentBytes,
  segmentBytes,
} from '../log/scan.ts';
import { numbersOf, readSegmentHead, runKeysPath, segmentPath, tailPath } from '../log/segment-files.ts';
import { type SegmentEntry, segmentEntry } from '../log/segment-table.ts';
import { totalLost } from '../losses.ts';
import { apply, emptyState, type SpoolState } from './state.ts';

export interface Recovered {
  readonly state: SpoolState;
  readonly segments: SegmentEntry[];
  /** The segment and the group that are written next. */
  readonly nextSegment: number;
  readonly nextGroup: number;
  readonly totals: Totals;
  /** When the last checkpoint was written or the last group behind it, ms since 1970 UTC; undefined: never. */
  readonly lastAtMs: number | undefined;
  /** How many bytes behind the checkpoint were read. */
  readonly replayedBytes: number;
  /** What was found that should not be, in words for the log. */
  readonly findings: readonly string[];
}

export interface RecoveryOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  /** Told the run keys of each segment that is read, with the time of their group. */
  readonly onRun?: (segment: number, run: StoredRunKey, atMs: number) => void;
  /** Whether a torn tail is cut off and kept aside; false for those who only look. */
  readonly repairs: boolean;
  /** What had been appended, ever, before the first group of all; by default nothing. */
  readonly firstTotals?: Totals | undefined;
}

/** @throws UnknownFormat */
export function recover(options: RecoveryOptions): Recovered {
  const { directory, clock } = options;
  const { checkpoint, unreadable } = readCheckpoint(directory, clock);
  const findings = unreadable.map((path) => `${path} cannot be read; an older one, or the whole log, is read instead`);
  if (options.repairs && checkpoint !== undefined) unreadable.forEach(setAside);
  const numbers = numbersOf(directory, 'segment');
  const reading: Reading = {
    options,
    findings,
    state: checkpoint?.state ?? emptyState(),
    segments: before(checkpoint, numbers),
    totals: checkpoint?.place.before ?? options.firstTotals ?? { records: 0, points: 0, bytes: 0 },
    group: checkpoint?.place.number ?? 1,
    lastAtMs: checkpoint?.writtenAtMs,
    replayedBytes: 0,
  };
  // Those of which the checkpoint cannot know.
  reading.state.suspectTails += numbersOf(directory, 'tail').filter(
    (number) => number >= (checkpoint?.place.segment ?? 0),
  ).length;
  const replayed = numbers.filter((number) => checkpoint === undefined || number >= checkpoint.place.segment);
  replayed.forEach((number, index) => replay(reading, number, checkpoint, replayed[index + 1]));
  const begun = numbersOf(directory, 'newest');
  // One before the checkpoint's place may have been given back.
  for (const number of begun.filter((each) => each >= (checkpoint?.place.segment ?? 0) && !numbers.includes(each))) {
    tellUncounted(reading, `segment ${number} was begun, and its file is gone`);
  }
  const { state, segments, totals, group, lastAtMs, replayedBytes } = reading;
  const last = Math.max(numbers.at(-1) ?? 0, checkpoint?.place.segment ?? 0, ...numbersOf(directory, 'keys'), ...begun);
  return { state, segments, totals, nextSegment: last + 1, nextGroup: group, lastAtMs, replayedBytes, findings };
}

/** Else it would take the place of the former one when the next is written. */
function setAside(path: string): void {
  try {
    renameSync(path, `${path}.damaged`);
  } catch {
    // On a disk that takes nothing no checkpoint is written either.
  }
}

interface Reading {
  readonly options: RecoveryOptions;
  readonly findings: string[];
  readonly state: SpoolState;
  readonly segments: SegmentEntry[];
  totals: Totals;
  group: number;
  lastAtMs: number | undefined;
  replayedBytes: number;
}

/** The segments that the checkpoint knows and that lie before its place; one whose file is gone stays, so that what was in it is told as lost. */
function before(checkpoint: Checkpoint | undefined, numbers: readonly number[]): SegmentEntry[] {
  if (checkpoint === undefined) return [];
  return checkpoint.segments
    .filter(({ number }) => number < checkpoint.place.segment || !numbers.includes(number))
    .map((segment) => ({ ...segment }));
}

function replay(reading: Reading, number: number, checkpoint: Checkpoint | undefined, next: number | undefined): void {
  const { directory } = reading.options;
  const known = checkpoint?.segments.find((segment) => segment.number === number);
  const head = readSegmentHead(directory, number);
  const fileBytes = statSync(segmentPath(directory, number)).size;
  if (head === undefined && known === undefined) {
    // The head of a segment is on disk before its file has this name: no crash leaves it otherwise.
    tellUncounted(reading, `segment ${number}, of ${fileBytes} bytes: its head cannot be read, twice over`);
    return;
  }
  const entry: SegmentEntry =
    known === undefined
      ? segmentEntry(head as NonNullable<typeof head>, firstGroupAt, fileBytes)
      : { ...known, end: firstGroupAt, fileBytes };
  reading.segments.push(entry);
  const bytes = segmentBytes(segmentPath(directory, number));
  try {
    readSegment(reading, entry, bytes, {
      from: checkpoint?.place.segment === number ? checkpoint.place : undefined,
      isLast: next === undefined,
      behind: next === undefined ? undefined : readSegmentHead(directory, next),
    });
  } finally {
    bytes.close();
  }
}

interface Stretch {
  /** Where changes begin to count; undefined: with the segment. */
  readonly from: GroupPlace | undefined;
  readonly isLast: boolean;
  /** The head of the next segment, which tells what had been appended at the end of this one. */
  readonly behind: SegmentHead | undefined;
}

function readSegment(
  reading: Reading,
  entry: SegmentEntry,
  bytes: SegmentBytes,
  { from, isLast, behind }: Stretch,
): void {
  const limit = bytes.size();
  const options: ScanOptions = {
    bytes,
    seed: entry.seed,
    limit,
    atLimit: behind?.before,
    groupAtLimit: behind?.firstGroup,
  };
  // The run keys of a segment that has a file of them need not be read again.
  const hasKeys = existsSync(runKeysPath(reading.options.directory, entry.number));
  let place = from !== undefined && hasKeys ? from : firstPlace(entry);
  for (;;) {
    if (behind !== undefined && place.number >= behind.firstGroup) break;
    const group = readGroup(options, place);
    if (group === undefined || (isLast && isSuspect(group, options, place) && !isAcknowledged(group, from))) break;
    const isNew = from === undefined || group.head.number >= from.number;
    if (isNew) count(reading, entry, group);
    for (const frame of group.frames) take(reading, entry, group, frame, isNew);
    place = group.next;
  }
  if (from !== undefined && place.at < from.at) {
    const records = from.before.records - place.before.records;
    reading.findings.push(
      `segment ${entry.number} ends at ${place.at}, and was known to be durable up to ${from.at}: ${records} records are lost`,
    );
    place = from;
  }
  close(reading, entry, bytes, place, isLast);
}

/** The last group of all may be torn: some of it cannot be read, and no other one is behind it. */
function isSuspect({ lost, isCut }: ScannedGroup, options: ScanOptions, place: GroupPlace): boolean {
  return (isCut || lost !== undefined) && nextHead(options, place) === undefined;
}

/** What a checkpoint knows was durable. */
function isAcknowledged({ head }: ScannedGroup, from: GroupPlace | undefined): boolean {
  return from !== undefined && head.number < from.number;
}

function count(reading: Reading, { number }: SegmentEntry, { head, lost, next }: ScannedGroup): void {
  reading.totals = next.before;
  reading.group = next.number;
  if (head.atMs > 0) reading.lastAtMs = Math.max(reading.lastAtMs ?? 0, head.atMs);
  if (lost === undefined) return;
  reading.findings.push(
    `segment ${number}, group ${head.number}: ${lost.frames} of its frames cannot be read, ${lost.records} records with ${lost.points} points among them`,
  );
  const others = lost.frames - lost.records;
  if (others > 0) reading.state.lost = totalLost(reading.state.lost, { uncounted: others });
}

function take(
  { options, state }: Reading,
  { number }: SegmentEntry,
  { head }: ScannedGroup,
  frame: Frame,
  isNew: boolean,
): void {
  if (frame.run.hi !== 0) options.onRun?.(number, frame.run, head.atMs);
  if (!isNew || frame.kind === frameKinds.points) return;
  const text = frame.kind === frameKinds.both ? splitPayload(frame.payload).change : frame.payload.toString('utf8');
  apply(state, JSON.parse(text) as Change, { segment: number, at: frame.at }, options.clock);
}

/** Ends a segment where its last group does; what stands behind that and is not nothing is kept aside. */
function close(reading: Reading, entry: SegmentEntry, bytes: SegmentBytes, place: GroupPlace, isLast: boolean): void {
  const { directory, repairs } = reading.options;
  const limit = bytes.size();
  reading.replayedBytes += place.at;
  Object.assign(entry, { end: place.at, through: place.before, nextGroup: place.number });
  const isShort = isCutShort(entry, bytes, place);
  if (isShort)
    tellUncounted(
      reading,
      `segment ${entry.number} was cut short, to ${limit} bytes: what stood behind is gone, and cannot be counted`,
    );
  if (!isLast) return;
  const isTail = place.at < limit && !isEnd({ bytes, limit }, place.at);
  if (isTail) {
    const tail = Buffer.from(bytes.read(place.at, mostTailBytes, limit));
    reading.findings.push(
      `segment ${entry.number} ends with ${tail.length} bytes that are no whole group: torn as it was written, or damaged; they are kept in ${tailPath(directory, entry.number)}`,
    );
    if (!existsSync(tailPath(directory, entry.number))) reading.state.suspectTails += 1;
    if (repairs) keepAside(tailPath(directory, entry.number), tail);
  }
  // One that was cut short stays as it is, for the next start to tell of it as well.
  if (repairs && !isShort)
    entry.fileBytes = cut(segmentPath(directory, entry.number), place.at + terminatorBytes, entry.fileBytes);
}

/**
 * Whether its file ends within its head or within a group. A file is laid out before it is a segment, and cut only behind a whole
 * group: no crash leaves that.
 */
function isCutShort({ seed }: SegmentEntry, bytes: SegmentBytes, { at }: GroupPlace): boolean {
  const limit = bytes.size();
  if (at >= limit) return at > limit;
  if (isEnd({ bytes, limit }, at)) return false;
  const from = at + groupHeadBytes;
  return from > limit || from + (readGroupHead(bytes.read(at, groupHeadBytes, limit), 0, seed)?.length ?? 0) > limit;
}

function tellUncounted(reading: Reading, words: string): void {
  reading.findings.push(words);
  reading.state.lost = totalLost(reading.state.lost, { uncounted: 1 });
}

const mostTailBytes = 1 << 20;

/** On a full disk it stays where it is. */
function keepAside(path: string, tail: Buffer): void {
  try {
    writeFileSync(path, tail, { mode: 0o600, flush: true });
  } catch {
    // What is missing is counted all the same.
  }
}

/** Nothing is written behind the end of a segment that is read: the next start finds the same end. */
function cut(path: string, length: number, found: number): number {
  if (found <= length) return found;
  try {
    const file = openSync(path, 'r+');
    try {
      ftruncateSync(file, length - terminatorBytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return length - terminatorBytes;
  } catch {
    return found;
  }
}
