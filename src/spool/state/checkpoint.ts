// The state of the spool as of a place in the log, in a file of its own, so that a start reads no more than what came behind that place.
// Two are kept: `checkpoint`, and `checkpoint.former` for when that cannot be read.

import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock } from '../../runtime/clock.ts';
import type { DamagedGroup } from './change.ts';
import type { LegacyState } from '../legacy-phase.ts';
import { letterTable } from '../dead-letters/table.ts';
import { formatVersion } from '../log/format.ts';
import type { GroupPlace } from '../log/scan.ts';
import { syncDirectory, UnknownFormat } from '../log/segment-files.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import type { Losses } from '../losses.ts';
import type { Position } from '../readers/position.ts';
import { dueAt, emptyState, type ParkedEntry, type RetryEntry, type SpoolState } from './state.ts';

export interface Checkpoint {
  /** Everything before it is in the state. */
  readonly place: GroupPlace & { readonly segment: number };
  readonly segments: readonly SegmentEntry[];
  readonly state: SpoolState;
  /** When the clock said that it was written, ms since 1970 UTC. */
  readonly writtenAtMs: number;
}

/** As it is written; the letters and samples follow as bytes. */
interface Row extends Omit<Checkpoint, 'state'> {
  readonly version: number;
  readonly positions: readonly (readonly [string, Position])[];
  readonly retries: readonly (readonly [string, readonly (readonly [number, RetryEntry])[]])[];
  readonly parked: readonly (readonly [string, readonly (readonly [number, ParkedEntry])[]])[];
  readonly lost: Losses;
  readonly damaged: readonly DamagedGroup[];
  readonly skipped: readonly (readonly [string, number])[];
  readonly suspectTails: number;
  readonly former: LegacyState;
  readonly nextParked: number;
  readonly nextRetry: number;
  readonly live: readonly (readonly [number, number])[];
  readonly totals: SpoolState['totals'];
  readonly letterBytes: number;
  readonly sampleBytes: number;
}

const magic = 'cpcheck4';
/** Magic, checksum of all that follows, length of the JSON. */
const headBytes = 16;

const pathOf = (directory: string): string => join(directory, 'checkpoint');
const formerPathOf = (directory: string): string => join(directory, 'checkpoint.former');

/** The state as it is now; what is written of it, once all that is in it is durable. */
export function encodeState(state: SpoolState): (rest: Omit<Checkpoint, 'state'>) => Buffer {
  const [letters, samples] = [state.letters.dump(), state.samples.dump()];
  const row: Omit<Row, keyof Omit<Checkpoint, 'state'>> = {
    version: formatVersion,
    positions: [...state.positions],
    retries: [...state.retries].map(([sink, entries]) => [sink, [...entries]]),
    parked: [...state.parked].map(([waitsFor, entries]) => [waitsFor, [...entries]]),
    lost: state.lost,
    damaged: [...state.damaged.values()],
    skipped: [...state.skipped],
    suspectTails: state.suspectTails,
    former: state.former,
    nextParked: state.nextParked,
    nextRetry: state.nextRetry,
    live: [...state.live],
    totals: state.totals,
    letterBytes: letters.length,
    sampleBytes: samples.length,
  };
  const text = JSON.stringify(row);
  return (rest) => {
    const json = Buffer.from(`${JSON.stringify(rest).slice(0, -1)},${text.slice(1)}`);
    const head = Buffer.alloc(headBytes);
    head.write(magic, 0);
    head.writeUInt32LE(json.length, 12);
    const bytes = Buffer.concat([head, json, letters, samples]);
    bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
    return bytes;
  };
}

/** Undefined when these are not the bytes of one. @throws UnknownFormat */
export function decodeCheckpoint(bytes: Buffer, clock: Pick<Clock, 'now' | 'steady'>): Checkpoint | undefined {
  if (
    bytes.length < headBytes ||
    bytes.toString('latin1', 0, 8) !== magic ||
    crc32(bytes.subarray(12)) !== bytes.readUInt32LE(8)
  )
    return undefined;
  const jsonEnd = headBytes + bytes.readUInt32LE(12);
  const row = JSON.parse(bytes.toString('utf8', headBytes, jsonEnd)) as Row;
  if (row.version !== formatVersion)
    throw new UnknownFormat(
      `checkpoint: format ${row.version} is not known here; a later version of this program wrote it`,
    );
  const lettersEnd = jsonEnd + row.letterBytes;
  const retries = row.retries.map(
    ([sink, entries]) =>
      [
        sink,
        new Map(entries.map(([number, entry]) => [number, { ...entry, dueAtMs: dueAt(entry.notBeforeMs, clock) }])),
      ] as const,
  );
  const state: SpoolState = {
    ...emptyState(),
    positions: new Map(row.positions),
    retries: new Map(retries),
    parked: new Map(row.parked.map(([waitsFor, entries]) => [waitsFor, new Map(entries)])),
    letters: letterTable(bytes.subarray(jsonEnd, lettersEnd)),
    samples: letterTable(bytes.subarray(lettersEnd, lettersEnd + row.sampleBytes)),
    lost: row.lost,
    damaged: new Map(row.damaged.map((damage) => [damage.group, damage])),
    skipped: new Map(row.skipped),
    suspectTails: row.suspectTails,
    former: row.former,
    nextParked: row.nextParked,
    nextRetry: row.nextRetry,
    live: new Map(row.live),
    totals: row.totals,
  };
  return { place: row.place, segments: row.segments, state, writtenAtMs: row.writtenAtMs };
}

/** The newest one that can be read; undefined: none can. @throws UnknownFormat */
export function readCheckpoint(
  directory: string,
  clock: Pick<Clock, 'now' | 'steady'>,
): { readonly checkpoint: Checkpoint | undefined; readonly unreadable: readonly string[] } {
  const unreadable: string[] = [];
  for (const path of [pathOf(directory), formerPathOf(directory)]) {
    if (!existsSync(path)) continue;
    const checkpoint = decodeCheckpoint(readFileSync(path), clock);
    if (checkpoint !== undefined) return { checkpoint, unreadable };
    unreadable.push(path);
  }
  return { checkpoint: undefined, unreadable };
}

/** Resolves when it is durable under its name. Where there is no room nothing has changed. */
export async function writeCheckpoint(directory: string, bytes: Buffer): Promise<void> {
  const path = join(directory, 'checkpoint.new');
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  if (existsSync(pathOf(directory))) await rename(pathOf(directory), formerPathOf(directory));
  await rename(path, pathOf(directory));
  syncDirectory(directory);
}
