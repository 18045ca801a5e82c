// A spool of small segments on a played disk, whose files a test looks at, cuts and damages; and what reads all of it.

import type { ExecutionContext } from 'ava';
import { cpSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, write as writeToFile } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DataPoint } from '../../src/model/point.ts';
import type { WriteFunction } from '../../src/spool/log/segment-log.ts';
import type { SpoolReader } from '../../src/spool/readers/reader.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../src/spool/spool.ts';
import { type PlayedDisk, playedDisk } from '../fakes/disks.ts';
import { movableClock } from '../fakes/time.ts';

export const nothing = { letters: [], kept: [], pauseMs: 0 };
export const smallSegmentBytes = 4096;

/** An empty directory, in memory where there is such a disk, since hundreds of spools wait for their disk in it. */
export async function swiftDirectory(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const memory = '/dev/shm';
  const directory = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'bridge-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Opens the spool in a directory with segments of 4 KiB. Closed when the test ends, before its directories go. */
export async function smallSpool(
  t: Pick<ExecutionContext, 'teardown'>,
  directory: string,
  options: Partial<SpoolOptions> = {},
): Promise<Spool> {
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

/** A disk that nothing fills, whose reserve is only played. */
export function largeDisk(directory: string): PlayedDisk {
  return playedDisk(directory, 1 << 30);
}

/** The files of a directory as they are now, as after a kill, in another one. */
export async function copied(t: Pick<ExecutionContext, 'teardown'>, directory: string): Promise<string> {
  const copy = join(await swiftDirectory(t), 'spool');
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** Takes out all that waits for a sink, and finishes it. */
export async function drained(reader: SpoolReader, maxPoints = 50): Promise<DataPoint[]> {
  const taken: DataPoint[] = [];
  for (let batch = reader.next(maxPoints); batch !== undefined; batch = reader.next(maxPoints)) {
    taken.push(...batch.points);
    await reader.finish(batch, nothing);
  }
  return taken;
}

/** The numbers that end the metrics of `points()` from test/fakes/points.ts. */
export function numbersOfPoints(points: readonly DataPoint[]): number[] {
  return points.map(({ metric }) => Number(metric.slice(metric.lastIndexOf('.') + 1)));
}

/** Names of the files with an ending, in order. */
export function filesOf(directory: string, ending: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(`.${ending}`))
    .toSorted();
}

/** A group as it was written. */
export interface WrittenGroup {
  /** The file's name. */
  readonly name: string;
  readonly at: number;
  /** Where what is in it ends; the zeros behind it are not its own. */
  readonly end: number;
  readonly bytes: Buffer;
}

const terminatorBytes = 16;

/** The system's write, which notes what it is given once that is written. */
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
