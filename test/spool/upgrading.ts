// Opens, drains and inspects a spool with a legacy store, for the tests of the upgrade.

import type { ExecutionContext } from 'ava';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, write as writeToFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataPoint } from '../../src/model/point.ts';
import { diskOf } from '../../src/spool/disk/disk.ts';
import type { Letter, Letters } from '../../src/spool/dead-letters/letters.ts';
import type { WriteFunction } from '../../src/spool/log/segment-log.ts';
import type { SpoolReader } from '../../src/spool/readers/reader.ts';
import { openSpool, type Spool, type SpoolOptions } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { mountedDisk } from '../fakes/disks.ts';
import { everyLetter, nothing } from '../fakes/letters.ts';
import { type MovableClock, movableClock } from '../fakes/time.ts';
import { bytesOf, type Contents } from './legacy/legacy-stores.ts';

/** A minute after the fixture was written. */
const upgradedAtMs = 1_795_006_861_000;

/** The positions of a sink `tsdb` that has finished nothing. */
export const atTheBeginning = { tsdb: { through: 0, finished: [], points: 0, bytes: 0 } };

export interface Upgraded {
  readonly directory: string;
  readonly spool: Spool;
  readonly clock: MovableClock;
}

/** Opens the spool in a directory, and closes it after the test. */
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

/** Takes and finishes batches until none is left or `batches` are finished, and returns their points. */
export async function drained(reader: SpoolReader, { maxPoints = 40, batches = Infinity } = {}): Promise<DataPoint[]> {
  const points: DataPoint[] = [];
  for (let count = 0; count < batches && reader.untakenPoints() > 0;) {
    const batch = reader.next(maxPoints);
    if (batch === undefined) {
      await reader.wakeup.wait();
      continue;
    }
    count += 1;
    points.push(...batch.points);
    await reader.finish(batch, nothing);
  }
  return points;
}

/** Takes and finishes the batches that are ready now, and returns their points. */
export async function drainedNow(reader: SpoolReader): Promise<DataPoint[]> {
  const points: DataPoint[] = [];
  for (let batch = reader.next(40); batch !== undefined; batch = reader.next(40)) {
    points.push(...batch.points);
    await reader.finish(batch, nothing);
  }
  return points;
}

/** The points that a sink of a fixture has not finished. */
export function waitingFor({ records, positions }: Contents, sink: string): DataPoint[] {
  const position = positions.find(([name]) => name === sink)?.[1];
  if (position === undefined) return [];
  const { through, finished, gone } = position;
  const isUnfinished = (sequence: number): boolean =>
    sequence > through &&
    sequence <= (gone?.through ?? Infinity) &&
    !finished.some(([from, last]) => sequence >= from && sequence <= last);
  return records.filter(({ sequence }) => isUnfinished(sequence)).flatMap(({ points }) => points);
}

/** Everything in a spool but its records, in a form to compare with `keptIn`. */
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
    letters: sorted(spool.deadLetters),
    samples: sorted(spool.samples),
    retries,
    parked,
    lost: spool.lost(),
    skipped: (await spool.reader('carbon')).skippedPoints(),
  };
}

function sorted(letters: Pick<Letters, 'after'>): Omit<Letter, 'order'>[] {
  return everyLetter(letters)
    .map((letter) => {
      const { order: _, ...stored } = letter;
      return stored;
    })
    .toSorted(byId);
}

function byId({ id: a }: { readonly id: string }, { id: b }: { readonly id: string }): number {
  return a < b ? -1 : 1;
}

/** Everything in a fixture but its records. */
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

/** Copies a directory before each write into the log, as a process leaves it that is killed there. */
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

/** Copies a directory, as a process leaves it that is killed now. */
export async function copyOf(t: Pick<ExecutionContext, 'teardown'>, directory: string): Promise<string> {
  const copy = join(await temporaryDirectory(t), 'spool');
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** The ids of the processes that read the legacy store in a directory. */
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

/** Advances the clock until the condition holds. */
export async function advanceUntil(clock: MovableClock, condition: () => boolean): Promise<void> {
  while (!condition()) {
    await clock.advance(1000);
    await nextTurn();
  }
}

export interface FullDisk extends Upgraded {
  empty(): void;
}

/** Opens the fixture `full` on a full disk of 4 MiB that has a reserve file of `reserveBytes`. */
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
