// A spool over a store that an earlier version left: opened, drained, and looked into.

import type { ExecutionContext } from 'ava';
import { pino } from 'pino';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, write as writeToFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataPoint } from '../../src/model/point.ts';
import type { Log } from '../../src/runtime/log.ts';
import { diskOf } from '../../src/spool/disk/disk.ts';
import type { WriteFunction } from '../../src/spool/log/segment-log.ts';
import type { SpoolReader } from '../../src/spool/readers/reader.ts';
import type { Outcome } from '../../src/spool/readers/settling.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { mountedDisk } from '../fakes/disks.ts';
import { everyLetter } from '../fakes/letters.ts';
import { type MovableClock, movableClock } from '../fakes/time.ts';
import { bytesOf, type Contents } from './legacy/attached.ts';

export const nothing: Outcome = { letters: [], kept: [], pauseMs: 0 };

/** A minute after the store was written. */
export const upgradedAtMs = 1_795_006_861_000;

/** Of a sink, `tsdb`, that has finished nothing. */
export const atTheBeginning = { tsdb: { through: 0, finished: [], points: 0, bytes: 0 } };

export interface Upgraded {
  readonly directory: string;
  readonly spool: Spool;
  readonly clock: MovableClock;
}

/** Opens a spool, and closes it after the test. */
export async function opened(
  t: Pick<ExecutionContext, 'teardown'>,
  directory: string,
  more: Partial<SpoolOptions> = {},
): Promise<Upgraded> {
  const clock = movableClock(upgradedAtMs);
  const spool = await openSpool({ directory, maxBytes: 1 << 24, segmentBytes: 1 << 18, clock, ...more });
  t.teardown(() => spool.close());
  return { directory, spool, clock };
}

/** Takes and finishes batches of some points until nothing is left, or so many were. */
export async function drained(reader: SpoolReader, { maxPoints = 40, batches = Infinity } = {}): Promise<DataPoint[]> {
  const points: DataPoint[] = [];
  for (let count = 0; count < batches && reader.untakenPoints() > 0;) {
    const batch = reader.next(maxPoints);
    if (batch === undefined) {
      await reader.bell.wait();
      continue;
    }
    count += 1;
    points.push(...batch.points);
    await reader.finish(batch, nothing);
  }
  return points;
}

/** Takes and finishes what is there now. */
export async function rest(reader: SpoolReader): Promise<DataPoint[]> {
  const points: DataPoint[] = [];
  for (let batch = reader.next(40); batch !== undefined; batch = reader.next(40)) {
    points.push(...batch.points);
    await reader.finish(batch, nothing);
  }
  return points;
}

/** The points that a sink of a store has still to get. */
export function waitingFor({ records, positions }: Contents, sink: string): DataPoint[] {
  const position = positions.find(([name]) => name === sink)?.[1];
  if (position === undefined) return [];
  const { through, finished, gone } = position;
  const waits = (sequence: number): boolean =>
    sequence > through &&
    sequence <= (gone?.through ?? Infinity) &&
    !finished.some(([from, last]) => sequence >= from && sequence <= last);
  return records.filter(({ sequence }) => waits(sequence)).flatMap(({ points }) => points);
}

/** All that a spool holds beside its records, in a form that can be compared. */
export async function kept(
  { spool, clock }: Pick<Upgraded, 'spool' | 'clock'>,
  sinks: readonly string[],
): Promise<unknown> {
  await clock.advance(120_000);
  const retries: unknown[] = [];
  for (const sink of sinks) {
    const reader = await spool.reader(sink);
    for (let retry = reader.nextRetry(); retry !== undefined; retry = reader.nextRetry())
      retries.push([[sink, retry.sequence], retry.attempts, retry.firstKeptAtMs, retry.points]);
  }
  const parked = spool.parking
    .waitedFor()
    .flatMap((waitsFor) =>
      spool.parking
        .waitingFor(waitsFor, 100)
        .map(({ id, parkedAtMs, payload }) => [JSON.parse(id), parkedAtMs, payload]),
    );
  return {
    letters: everyLetter(spool.deadLetters)
      .map(({ order: _, ...letter }) => letter)
      .toSorted(byId),
    samples: everyLetter(spool.samples)
      .map(({ order: _, ...letter }) => letter)
      .toSorted(byId),
    retries,
    parked,
    lost: spool.lost(),
    skipped: (await spool.reader('carbon')).skippedPoints(),
  };
}

function byId({ id: a }: { readonly id: string }, { id: b }: { readonly id: string }): number {
  return a < b ? -1 : 1;
}

/** The same of what the earlier version read in its own store. */
export function keptIn({ letters, samples, retries, parked, counts }: Contents, sinks: readonly string[]): unknown {
  const countOf = (name: string): number => counts.find(([known]) => known === name)?.[1] ?? 0;
  return {
    letters: letters.map(([id, row]) => ({ id, ...row })).toSorted(byId),
    samples: samples.map(([id, row]) => ({ id, ...row })).toSorted(byId),
    retries: retries
      .filter(([[sink]]) => sinks.includes(sink))
      .map(([key, { attempts, firstKeptAtMs, points }]) => [key, attempts, firstKeptAtMs, points]),
    parked: parked.map(([key, { parkedAtMs, payload }]) => [key, parkedAtMs, payload]),
    lost: {
      records: countOf('lost-records'),
      points: countOf('lost-points'),
      retries: 0,
      parked: 0,
      deadLetters: 0,
      uncounted: 0,
    },
    skipped: countOf('skipped-carbon'),
  };
}

/** Copies of a directory as a process leaves it that is killed before each of its writes into the log. */
export async function crashes(
  t: Pick<ExecutionContext, 'teardown'>,
  directory: string,
): Promise<{ readonly write: WriteFunction; readonly copies: string[] }> {
  const root = await temporaryDirectory(t);
  const copies: string[] = [];
  const write: WriteFunction = (...given) => {
    const copy = join(root, `crash-${copies.length}`, 'spool');
    cpSync(directory, copy, { recursive: true });
    copies.push(copy);
    writeToFile(...given);
  };
  return { write, copies };
}

/** A log, and what is said in it. */
export function listenedLog(): { readonly log: Log; readonly said: string[] } {
  const said: string[] = [];
  return {
    log: pino(
      { base: null },
      { write: (line: string) => void said.push((JSON.parse(line) as { readonly msg: string }).msg) },
    ),
    said,
  };
}

/** A directory as a process leaves it that is killed now. */
export async function copyOf(t: Pick<ExecutionContext, 'teardown'>, directory: string): Promise<string> {
  const copy = join(await temporaryDirectory(t), 'spool');
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** The processes that read the store in a directory. */
export function readersOf(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes('former-store') && words.includes(directory);
      } catch {
        return false;
      }
    });
}

/** Moves the time on until something is so. */
export async function moved(clock: MovableClock, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await clock.advance(1000);
    await nextTurn();
  }
}

export interface FullDisk extends Upgraded {
  empty(): void;
}

/** Opens the store `full` on a disk of 4 MiB that is filled but for a reserve of so many bytes. */
export async function onFullDisk(t: ExecutionContext, reserveBytes: number): Promise<FullDisk> {
  const mounted = await mountedDisk(t, 'F11', 4 << 20);
  const directory = join(mounted, 'spool');
  mkdirSync(directory);
  writeFileSync(join(directory, 'data.mdb'), bytesOf('full'));
  writeFileSync(join(directory, 'lock.mdb'), Buffer.alloc(16_384));
  if (reserveBytes > 0) writeFileSync(join(directory, 'reserve'), Buffer.alloc(reserveBytes));
  const foreign = join(mounted, 'foreign');
  for (let free = diskOf(mounted).freeBytes(); free > 0; free = diskOf(mounted).freeBytes())
    writeFileSync(foreign, Buffer.alloc(free), { flag: 'a' });
  const upgraded = await opened(t, directory, { segmentBytes: 1 << 17 });
  return { ...upgraded, empty: () => rmSync(foreign) };
}
