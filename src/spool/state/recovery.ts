// Recovery: reads the newest checkpoint and replays the log after it, segment by segment.

import { existsSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import { firstGroupAt, type StoredRunKey, type Totals } from '../log/format.ts';
import { firstGroupOf } from '../log/group-table.ts';
import { changeText } from '../log/payload.ts';
import {
  findNextGroup,
  type GroupStart,
  openSegmentFile,
  readGroup,
  type ScannedGroup,
  type ScanOptions,
} from '../log/scan.ts';
import { fileNumbers, logPath, readSegmentHeader, runKeysPath, segmentPath } from '../log/segment-files.ts';
import { type SegmentEntry, segmentEntry } from '../log/segment-table.ts';
import { addLosses } from '../losses.ts';
import type { Change } from './change.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import { applyChange, emptyState, type SpoolState } from './state.ts';
import { isCutShort, keepTail, tornTail, truncateAt } from './tail.ts';

interface RecoveryOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  /** Called with each run key found, and the time of its group. */
  readonly onRun?: (segment: number, run: StoredRunKey, atMs: number) => void;
  /** True if recovery may change files: it truncates a torn tail and stores a copy of it. */
  readonly repairs: boolean;
  /** Totals before the first segment: those of the legacy store. */
  readonly firstTotals?: Totals | undefined;
}

/** The progress of recovery. */
interface Replay {
  readonly options: RecoveryOptions;
  readonly checkpoint: Checkpoint | undefined;
  readonly findings: string[];
  readonly state: SpoolState;
  readonly segments: SegmentEntry[];
  totals: Totals;
  nextGroup: number;
  lastAtMs: number | undefined;
}

/** `lastAtMs`: the time of the checkpoint or of the last group. `findings`: anomalies, as messages for the log. */
export interface Recovered extends Omit<Replay, 'options' | 'checkpoint'> {
  readonly nextSegment: number;
}

/** @throws UnknownFormat */
export function recover(options: RecoveryOptions): Recovered {
  const { directory, clock } = options;
  const { checkpoint, unreadable } = readCheckpoint(directory, clock);
  if (options.repairs && checkpoint !== undefined) unreadable.forEach(setAside);
  const numbers = fileNumbers(directory, 'segment');
  const replay: Replay = {
    options,
    checkpoint,
    findings: unreadable.map((path) => `${path} cannot be read; an older one, or the whole log, is read instead`),
    state: checkpoint?.state ?? emptyState(),
    segments: segmentsBefore(checkpoint, numbers),
    totals: checkpoint?.place.before ?? options.firstTotals ?? { records: 0, points: 0, bytes: 0 },
    nextGroup: checkpoint?.place.number ?? 1,
    lastAtMs: checkpoint?.writtenAtMs,
  };
  const from = checkpoint?.place.segment ?? 0;
  // Tails from after the checkpoint are not in its count.
  replay.state.suspectTails += fileNumbers(directory, 'tail').filter((number) => number >= from).length;
  const replayed = numbers.filter((number) => number >= from);
  replayed.forEach((number, index) => replaySegment(replay, number, replayed[index + 1]));
  // A marked segment before the checkpoint may have been recycled.
  const marked = fileNumbers(directory, 'newest');
  for (const number of marked.filter((each) => each >= from && !numbers.includes(each)))
    addUncountedLoss(replay, `segment ${number} was begun, and its file is gone`);
  const last = Math.max(numbers.at(-1) ?? 0, from, ...fileNumbers(directory, 'keys'), ...marked);
  const { options: _options, checkpoint: _checkpoint, ...recovered } = replay;
  return { ...recovered, nextSegment: last + 1 };
}

/** Renames an unreadable checkpoint, since the next one written would move it over the previous one. */
function setAside(path: string): void {
  try {
    renameSync(path, `${path}.damaged`);
  } catch {
    // A disk that refuses this takes no checkpoint either.
  }
}

/** Segments that are not replayed. A missing one stays in the table, so that its records are counted as lost. */
function segmentsBefore(checkpoint: Checkpoint | undefined, numbers: readonly number[]): SegmentEntry[] {
  if (checkpoint === undefined) return [];
  return checkpoint.segments
    .filter(({ number }) => number < checkpoint.place.segment || !numbers.includes(number))
    .map((segment) => ({ ...segment }));
}

/** @param next - the number of the next segment, if there is one */
function replaySegment(replay: Replay, number: number, next: number | undefined): void {
  const { options, checkpoint } = replay;
  const { directory } = options;
  const known = checkpoint?.segments.find((segment) => segment.number === number);
  const header = readSegmentHeader(directory, number);
  const fileBytes = statSync(segmentPath(directory, number)).size;
  let entry: SegmentEntry;
  if (known !== undefined) entry = { ...known, end: firstGroupAt, fileBytes };
  else if (header !== undefined) entry = segmentEntry(header, fileBytes);
  else {
    // The header is durable before the file has this name: no crash leaves a segment without it.
    addUncountedLoss(replay, `segment ${number}, of ${fileBytes} bytes: its head cannot be read, twice over`);
    return;
  }
  replay.segments.push(entry);
  const behind = next === undefined ? undefined : readSegmentHeader(directory, next);
  const file = openSegmentFile(segmentPath(directory, number));
  try {
    const scan: ScanOptions = {
      file,
      seed: entry.seed,
      limit: file.size(),
      totalsAtLimit: behind?.before,
      groupAtLimit: behind?.firstGroup,
    };
    const from = checkpoint?.place.segment === number ? checkpoint.place : undefined;
    let end = replayGroups(replay, entry, scan, from, next === undefined);
    if (from !== undefined && end.at < from.at) {
      const records = from.before.records - end.before.records;
      replay.findings.push(
        `segment ${number} ends at ${end.at}, and was known to be durable up to ${from.at}: ${records} records are lost`,
      );
      end = from;
    }
    endSegment(replay, entry, scan, end, next === undefined);
  } finally {
    file.close();
  }
}

/**
 * Replays the groups of a segment. Returns the place after the last one.
 *
 * @param from - the place of the checkpoint, if it is in this segment
 */
function replayGroups(
  replay: Replay,
  entry: SegmentEntry,
  scan: ScanOptions,
  from: GroupStart | undefined,
  isLast: boolean,
): GroupStart {
  const hasKeysFile = existsSync(runKeysPath(replay.options.directory, entry.number));
  let place = from !== undefined && hasKeysFile ? from : firstGroupOf(entry);
  while (place.number < (scan.groupAtLimit ?? Infinity)) {
    const group = readGroup(scan, place);
    if (group === undefined) break;
    // Groups before the checkpoint are durable: any other damaged group at the end may be torn.
    const isDurable = from !== undefined && group.header.number < from.number;
    if (isLast && !isDurable && isSuspect(group, scan, place)) break;
    if (!isDurable) countGroup(replay, entry, group);
    replayFrames(replay, entry, group, !isDurable);
    place = group.next;
  }
  return place;
}

/** Reports whether a group is damaged and no other group follows. */
function isSuspect({ lost, isTruncated }: ScannedGroup, scan: ScanOptions, place: GroupStart): boolean {
  return (isTruncated || lost !== undefined) && findNextGroup(scan, place) === undefined;
}

function countGroup(replay: Replay, { number }: SegmentEntry, { header, lost, next }: ScannedGroup): void {
  replay.totals = next.before;
  replay.nextGroup = next.number;
  if (header.atMs > 0) replay.lastAtMs = Math.max(replay.lastAtMs ?? 0, header.atMs);
  if (lost === undefined) return;
  replay.findings.push(
    `segment ${number}, group ${header.number}: ${lost.frames} of its frames cannot be read, ${lost.records} records with ${lost.points} points among them`,
  );
  const uncounted = lost.frames - lost.records;
  if (uncounted > 0) replay.state.lost = addLosses(replay.state.lost, { uncounted });
}

function replayFrames(
  { options, state }: Replay,
  { number }: SegmentEntry,
  { header, frames }: ScannedGroup,
  isNew: boolean,
): void {
  for (const frame of frames) {
    const { run, at } = frame;
    if (run.hi !== 0) options.onRun?.(number, run, header.atMs);
    const text = isNew ? changeText(frame) : undefined;
    if (text !== undefined) applyChange(state, JSON.parse(text) as Change, { segment: number, at }, options.clock);
  }
}

/** Sets the end of a segment. In the last one, keeps a torn tail aside and truncates the file. */
function endSegment(replay: Replay, entry: SegmentEntry, scan: ScanOptions, end: GroupStart, isLast: boolean): void {
  const { directory, repairs } = replay.options;
  Object.assign(entry, { end: end.at, through: end.before, nextGroup: end.number });
  const isShort = isCutShort(scan, end.at);
  if (isShort)
    addUncountedLoss(
      replay,
      `segment ${entry.number} was cut short, to ${scan.limit} bytes: what stood behind is gone, and cannot be counted`,
    );
  if (!isLast) return;
  const tail = tornTail(scan, end.at);
  if (tail !== undefined) {
    const path = logPath(directory, entry.number, 'tail');
    replay.findings.push(
      `segment ${entry.number} ends with ${tail.length} bytes that are no whole group: torn as it was written, or damaged; they are kept in ${path}`,
    );
    if (!existsSync(path)) replay.state.suspectTails += 1;
    if (repairs) keepTail(path, tail);
  }
  // A file that was cut short stays as it is, so that the next recovery reports it again.
  if (repairs && !isShort) entry.fileBytes = truncateAt(segmentPath(directory, entry.number), end.at, entry.fileBytes);
}

function addUncountedLoss({ findings, state }: Replay, finding: string): void {
  findings.push(finding);
  state.lost = addLosses(state.lost, { uncounted: 1 });
}
