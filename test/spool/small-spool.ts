// Spools of small segments, whose files tests cut and damage; and helpers to append, take and finish points.

import type { ExecutionContext } from 'ava';
import { cpSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, write as writeToFile } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DataPoint, DeliverOptions } from '../../src/model/point.ts';
import type { WriteFunction } from '../../src/spool/log/segment-log.ts';
import type { Batch } from '../../src/spool/readers/batches.ts';
import type { SpoolReader } from '../../src/spool/readers/reader.ts';
import type { Outcome } from '../../src/spool/readers/outcome.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../src/spool/spool.ts';
import { type PlayedDisk, playedDisk } from '../fakes/disks.ts';
import { points } from '../fakes/points.ts';
import { movableClock } from '../fakes/time.ts';

export type Scope = Pick<ExecutionContext, 'teardown'>;

export const nothing = { letters: [], kept: [], pauseMs: 0 };
export const smallSegmentBytes = 4096;

/** An empty directory, in memory if possible: some tests open hundreds of spools. */
export async function memoryDirectory(t: Scope): Promise<string> {
  const memory = '/dev/shm';
  const directory = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'bridge-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens a spool with segments of 4 KiB. It is closed at the end of the test, before its directory is deleted. */
export async function smallSpool(t: Scope, directory: string, options: Partial<SpoolOptions> = {}): Promise<Spool> {
  const disk = largeDisk(directory);
  const spool = await openSpool({
    directory,
    disk,
    maxBytes: 1 << 26,
    clock: movableClock(),
    segmentBytes: smallSegmentBytes,
    ...options,
  });
  t.teardown(() => spool.close());
  return spool;
}

/** A disk that does not fill, with a fake reserve. */
export function largeDisk(directory: string): PlayedDisk {
  return playedDisk(directory, 1 << 30);
}

/** Runs `body` with a scope of its own. */
export async function scoped<Result>(body: (scope: Scope) => Promise<Result>): Promise<Result> {
  const ends: (() => unknown)[] = [];
  try {
    return await body({ teardown: (end) => void ends.unshift(end) });
  } finally {
    for (const end of ends) await end();
  }
}

/** Copies the files of a directory, as a kill would leave them. */
export async function copied(t: Scope, directory: string): Promise<string> {
  const copy = join(await memoryDirectory(t), 'spool');
  cpSync(directory, copy, { recursive: true });
  return copy;
}

export const run = (key: string, digest = 'a') => ({ run: { key, digest } });

export const rejection = (raw: string) => ({ kind: 'rejected', reason: 'no', raw, sink: 'tsdb' });

/** Appends a record of one point for each number. */
export async function push(
  spool: Spool,
  from: number,
  through: number,
  options: (number: number) => DeliverOptions = () => ({}),
): Promise<void> {
  for (let number = from; number <= through; number += 1) await spool.append(points(1, number), options(number));
}

/** Takes the next batch and finishes it. */
export async function finishNext(reader: SpoolReader, outcome: Partial<Outcome> = {}, maxPoints = 10): Promise<Batch> {
  const batch = reader.next(maxPoints) as Batch;
  await reader.finish(batch, { ...nothing, ...outcome });
  return batch;
}

/** Takes and finishes the whole backlog. */
export async function drained(reader: SpoolReader, maxPoints = 50): Promise<DataPoint[]> {
  const taken: DataPoint[] = [];
  for (let batch = reader.next(maxPoints); batch !== undefined; batch = reader.next(maxPoints)) {
    taken.push(...batch.points);
    await reader.finish(batch, nothing);
  }
  return taken;
}

/** The numbers at the end of the metrics of `points()`. */
export function numbersOfPoints(some: readonly DataPoint[]): number[] {
  return some.map(({ metric }) => Number(metric.slice(metric.lastIndexOf('.') + 1)));
}

export function integers(from: number, through: number): number[] {
  return Array.from({ length: Math.max(0, through - from + 1) }, (_, index) => from + index);
}

/** Names of the files with an extension, in order. */
export function filesOf(directory: string, extension: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(`.${extension}`))
    .toSorted();
}

const systemError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`${code}: played`), { code });

/** A write that fails while `code` is set, optionally after half of the bytes. */
export function failingWrite() {
  const played = { code: undefined as string | undefined, isHalfWritten: false, writes: 0 };
  const write: WriteFunction = (file, bytes, from, length, at, done) => {
    played.writes += 1;
    if (played.code === undefined) return writeToFile(file, bytes, from, length, at, done);
    const error = systemError(played.code);
    if (!played.isHalfWritten) return done(error, 0);
    writeToFile(file, bytes, from, length >> 1, at, () => done(error, 0));
  };
  return { played, write };
}

export interface WrittenGroup {
  /** The file's name. */
  readonly name: string;
  readonly at: number;
  /** Offset of its end, without the terminator. */
  readonly end: number;
  readonly bytes: Buffer;
}

const terminatorBytes = 16;

/** The system's write, which records the groups that were written. */
export function recordingWrite(written: WrittenGroup[]): WriteFunction {
  return (file, bytes, from, length, at, done) => {
    const name = basename(readlinkSync(`/proc/self/fd/${file}`));
    const copy = Buffer.from(bytes.subarray(from, from + length));
    writeToFile(file, bytes, from, length, at, (error, count) => {
      if (error === null) written.push({ name, at, end: at + length - terminatorBytes, bytes: copy });
      done(error, count);
    });
  };
}
