// Checkpoint files: the state as of a place in the log, so that recovery replays only the log after it. The previous
// checkpoint is kept as `checkpoint.former`, in case the newest is unreadable.

import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock } from '../../runtime/clock.ts';
import { LetterTable } from '../dead-letters/table.ts';
import { formatVersion } from '../log/format.ts';
import type { GroupStart } from '../log/scan.ts';
import { syncDirectory, UnknownFormat } from '../log/segment-files.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import { dueAt, type SpoolState } from './state.ts';

export interface Checkpoint {
  /** The state includes every change before it. */
  readonly place: GroupStart & { readonly segment: number };
  readonly segments: readonly SegmentEntry[];
  readonly state: SpoolState;
  /** ms since 1970 UTC */
  readonly writtenAtMs: number;
}

const magic = 'cpcheck4';
/** Magic, checksum, and length of the JSON. */
const headerBytes = 16;

const pathOf = (directory: string): string => join(directory, 'checkpoint');
const previousPathOf = (directory: string): string => join(directory, 'checkpoint.former');

/** The state as JSON; the two letter tables follow the JSON as bytes. */
function rowOf(state: SpoolState, letterBytes: number, sampleBytes: number) {
  return {
    version: formatVersion as number,
    positions: [...state.positions],
    retries: [...state.retries].map(([sink, entries]) => [sink, [...entries]] as const),
    parked: [...state.parked].map(([waitsFor, entries]) => [waitsFor, [...entries]] as const),
    lost: state.lost,
    damaged: [...state.damaged.values()],
    skipped: [...state.skipped],
    suspectTails: state.suspectTails,
    former: state.legacy,
    nextParked: state.nextParked,
    nextRetry: state.nextRetry,
    live: [...state.live],
    totals: state.totals,
    letterBytes,
    sampleBytes,
  };
}

type Row = ReturnType<typeof rowOf> & Omit<Checkpoint, 'state'>;

/** Serializes the state now. The returned function completes the file once everything in the state is durable. */
export function encodeState(state: SpoolState): (rest: Omit<Checkpoint, 'state'>) => Buffer {
  const [letters, samples] = [state.letters.dump(), state.samples.dump()];
  const text = JSON.stringify(rowOf(state, letters.length, samples.length));
  return (rest) => {
    const json = Buffer.from(`${JSON.stringify(rest).slice(0, -1)},${text.slice(1)}`);
    const header = Buffer.alloc(headerBytes);
    header.write(magic, 0);
    header.writeUInt32LE(json.length, 12);
    const bytes = Buffer.concat([header, json, letters, samples]);
    bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
    return bytes;
  };
}

/**
 * Returns undefined if the bytes are not a valid checkpoint.
 *
 * @throws UnknownFormat
 */
export function decodeCheckpoint(bytes: Buffer, clock: Pick<Clock, 'now' | 'steady'>): Checkpoint | undefined {
  if (bytes.length < headerBytes || bytes.toString('latin1', 0, 8) !== magic) return undefined;
  if (crc32(bytes.subarray(12)) !== bytes.readUInt32LE(8)) return undefined;
  const jsonEnd = headerBytes + bytes.readUInt32LE(12);
  const row = JSON.parse(bytes.toString('utf8', headerBytes, jsonEnd)) as Row;
  const { version, letterBytes, sampleBytes, place, segments, writtenAtMs } = row;
  if (version !== formatVersion)
    throw new UnknownFormat(
      `checkpoint: format ${version} is not known here; a later version of this program wrote it`,
    );
  const lettersEnd = jsonEnd + letterBytes;
  const state: SpoolState = {
    positions: new Map(row.positions),
    retries: new Map(
      row.retries.map(([sink, entries]) => [
        sink,
        new Map(entries.map(([sequence, entry]) => [sequence, { ...entry, dueAtMs: dueAt(entry.notBeforeMs, clock) }])),
      ]),
    ),
    parked: new Map(row.parked.map(([waitsFor, entries]) => [waitsFor, new Map(entries)])),
    letters: new LetterTable(bytes.subarray(jsonEnd, lettersEnd)),
    samples: new LetterTable(bytes.subarray(lettersEnd, lettersEnd + sampleBytes)),
    lost: row.lost,
    damaged: new Map(row.damaged.map((damage) => [damage.group, damage])),
    skipped: new Map(row.skipped),
    suspectTails: row.suspectTails,
    legacy: row.former,
    nextParked: row.nextParked,
    nextRetry: row.nextRetry,
    live: new Map(row.live),
    totals: row.totals,
  };
  return { place, segments, state, writtenAtMs };
}

/**
 * Reads the newest valid checkpoint, if any, and returns the paths of invalid ones.
 *
 * @throws UnknownFormat
 */
export function readCheckpoint(
  directory: string,
  clock: Pick<Clock, 'now' | 'steady'>,
): { readonly checkpoint: Checkpoint | undefined; readonly unreadable: readonly string[] } {
  const unreadable: string[] = [];
  for (const path of [pathOf(directory), previousPathOf(directory)]) {
    if (!existsSync(path)) continue;
    const checkpoint = decodeCheckpoint(readFileSync(path), clock);
    if (checkpoint !== undefined) return { checkpoint, unreadable };
    unreadable.push(path);
  }
  return { checkpoint: undefined, unreadable };
}

/** Durable under its name on return. On a full disk the old checkpoints stay. */
export async function writeCheckpoint(directory: string, bytes: Buffer): Promise<void> {
  const path = join(directory, 'checkpoint.new');
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  if (existsSync(pathOf(directory))) await rename(pathOf(directory), previousPathOf(directory));
  await rename(path, pathOf(directory));
  syncDirectory(directory);
}
