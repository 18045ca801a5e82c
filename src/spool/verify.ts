// Verifies the files of the log: every group, every frame, and the checkpoints.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasLegacyStore } from './legacy/lmdb/files.ts';
import { firstGroupOf } from './log/group-table.ts';
import { findNextGroup, isEndOfLog, openSegmentFile, readGroup } from './log/scan.ts';
import { fileNumbers, logPath, readSegmentHeader, segmentPath } from './log/segment-files.ts';
import { segmentEntry } from './log/segment-table.ts';
import { decodeCheckpoint } from './state/checkpoint.ts';

export interface Verification {
  /** Damage, one message each. */
  readonly damage: readonly string[];
  readonly segments: number;
  readonly frames: number;
  /** True if there is a legacy store, which is not verified. */
  readonly hasFormerStore: boolean;
}

interface VerifyOptions {
  /** True if a bridge writes meanwhile; then the last group may be incomplete. */
  readonly isRunning: boolean;
  readonly signal: AbortSignal;
}

/** @throws UnknownFormat */
export async function verifySpool(directory: string, { isRunning, signal }: VerifyOptions): Promise<Verification> {
  const damage: string[] = [];
  let frames = 0;
  const numbers = fileNumbers(directory, 'segment');
  for (const number of numbers) {
    if (signal.aborted) break;
    try {
      const isLast = number === numbers.at(-1);
      frames += verifySegment(directory, number, { isLast, isRunning }, damage);
    } catch (error) {
      // A running bridge recycles segments.
      if (!isRunning || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await nextTurn();
  }
  for (const name of ['checkpoint', 'checkpoint.former']) {
    const path = join(directory, name);
    if (existsSync(path) && decodeCheckpoint(readFileSync(path), { now: () => 0, steady: () => 0 }) === undefined)
      damage.push(`${name}: its checksum does not fit`);
  }
  for (const number of fileNumbers(directory, 'tail'))
    damage.push(
      `${logPath(directory, number, 'tail')}: a last group that was torn or damaged is kept here; delete it when it was looked at`,
    );
  for (const number of isRunning ? [] : fileNumbers(directory, 'newest'))
    if (!existsSync(segmentPath(directory, number)))
      damage.push(
        `segment ${number} was begun, and its file is gone; delete ${logPath(directory, number, 'newest')} when it was looked at`,
      );
  return { damage, segments: numbers.length, frames, hasFormerStore: hasLegacyStore(directory) };
}

/** Returns the number of valid frames. */
function verifySegment(
  directory: string,
  number: number,
  { isLast, isRunning }: { readonly isLast: boolean; readonly isRunning: boolean },
  damage: string[],
): number {
  const header = readSegmentHeader(directory, number);
  if (header === undefined) {
    damage.push(`segment ${number}: its head cannot be read`);
    return 0;
  }
  const file = openSegmentFile(segmentPath(directory, number));
  let frames = 0;
  try {
    const limit = file.size();
    const entry = segmentEntry(header, limit);
    const scan = { file, seed: entry.seed, limit };
    let place = firstGroupOf(entry);
    for (let group = readGroup(scan, place); group !== undefined; group = readGroup(scan, place)) {
      const { lost } = group;
      if (isLast && isRunning && lost !== undefined && findNextGroup(scan, place) === undefined) return frames;
      frames += group.frames.length;
      if (lost !== undefined) {
        damage.push(
          `segment ${number} at ${place.at}: group ${group.header.number}: ${lost.frames} frames cannot be read, ${lost.records} records with ${lost.points} points among them`,
        );
      }
      place = group.next;
    }
    if (!isRunning && place.at < limit && !isEndOfLog(scan, place.at))
      damage.push(`segment ${number} at ${place.at}: what stands behind the last group is no group`);
    return frames;
  } finally {
    file.close();
  }
}
