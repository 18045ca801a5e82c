// Recovery: reads the newest checkpoint and replays the log after it.

import { renameSync } from 'node:fs';
import { fileNumbers } from '../log/segment-files.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';
import { addUncountedLoss, type RecoveryOptions, type Replay, replaySegment } from './replay.ts';
import { emptyState } from './state.ts';

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
  return { ...replay, nextSegment: last + 1 };
}

/** Renames an unreadable checkpoint, since the next one written would move it over the previous one. */
function setAside(path: string): void {
  try {
    renameSync(path, `${path}.damaged`);
  } catch {
    // A disk that refuses this takes no checkpoint either.
  }
}

/** Segments that are not replayed. One whose file is missing stays in the table, so that its records are counted as lost. */
function segmentsBefore(checkpoint: Checkpoint | undefined, numbers: readonly number[]): SegmentEntry[] {
  if (checkpoint === undefined) return [];
  return checkpoint.segments
    .filter(({ number }) => number < checkpoint.place.segment || !numbers.includes(number))
    .map((segment) => ({ ...segment }));
}
