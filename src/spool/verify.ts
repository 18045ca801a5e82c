// Looks for damage in the files of the log: every group, every frame, and the checkpoints.

import { existsSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { join } from 'node:path';
import { decodeCheckpoint } from './state/checkpoint.ts';
import { hasLegacyStore } from './legacy/lmdb/files.ts';
import { firstGroupAt } from './log/format.ts';
import { firstPlace } from './log/group-places.ts';
import { isEnd, nextHead, readGroup, segmentBytes } from './log/scan.ts';
import { newestPath, numbersOf, readSegmentHead, segmentPath, tailPath } from './log/segment-files.ts';
import { segmentEntry } from './log/segment-table.ts';

export interface Verification {
  /** What is damaged, a line each. */
  readonly damage: readonly string[];
  readonly segments: number;
  readonly frames: number;
  /** Whether the store of an earlier version waits to be drained; it is not looked into. */
  readonly hasFormerStore: boolean;
}

export interface VerifyOptions {
  /** Whether a bridge writes meanwhile, so that what stands at the end may be half of a group. */
  readonly isRunning: boolean;
  readonly signal: AbortSignal;
}

/** @throws UnknownFormat */
export async function verifySpool(directory: string, { isRunning, signal }: VerifyOptions): Promise<Verification> {
  const damage: string[] = [];
  let frames = 0;
  const numbers = numbersOf(directory, 'segment');
  for (const number of numbers) {
    if (signal.aborted) break;
    try {
      frames += verifySegment(directory, number, { isLast: number === numbers.at(-1), isRunning }, damage);
    } catch (error) {
      // A running bridge uses segments again.
      if (!isRunning || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await nextTurn();
  }
  for (const name of ['checkpoint', 'checkpoint.former']) {
    const path = join(directory, name);
    if (existsSync(path) && decodeCheckpoint(readFileSync(path), { now: () => 0, steady: () => 0 }) === undefined)
      damage.push(`${name}: its checksum does not fit`);
  }
  for (const number of numbersOf(directory, 'tail'))
    damage.push(
      `${tailPath(directory, number)}: a last group that was torn or damaged is kept here; delete it when it was looked at`,
    );
  for (const number of numbersOf(directory, 'newest')) {
    const isThere = isRunning || existsSync(segmentPath(directory, number));
    if (!isThere)
      damage.push(
        `segment ${number} was begun, and its file is gone; delete ${newestPath(directory, number)} when it was looked at`,
      );
  }
  return { damage, segments: numbers.length, frames, hasFormerStore: hasLegacyStore(directory) };
}

function verifySegment(
  directory: string,
  number: number,
  { isLast, isRunning }: { readonly isLast: boolean; readonly isRunning: boolean },
  damage: string[],
): number {
  const head = readSegmentHead(directory, number);
  if (head === undefined) {
    damage.push(`segment ${number}: its head cannot be read`);
    return 0;
  }
  const bytes = segmentBytes(segmentPath(directory, number));
  let frames = 0;
  try {
    const entry = segmentEntry(head, firstGroupAt, bytes.size());
    const options = { bytes, seed: entry.seed, limit: bytes.size() };
    let place = firstPlace(entry);
    for (;;) {
      const group = readGroup(options, place);
      if (group === undefined) break;
      const isTail = isLast && isRunning && group.lost !== undefined && nextHead(options, place) === undefined;
      if (isTail) return frames;
      frames += group.frames.length;
      if (group.lost !== undefined) {
        damage.push(
          `segment ${number} at ${place.at}: group ${group.head.number}: ${group.lost.frames} frames cannot be read, ${group.lost.records} records with ${group.lost.points} points among them`,
        );
      }
      place = group.next;
    }
    if (!isRunning && place.at < options.limit && !isEnd(options, place.at))
      damage.push(`segment ${number} at ${place.at}: what stands behind the last group is no group`);
    return frames;
  } finally {
    bytes.close();
  }
}
