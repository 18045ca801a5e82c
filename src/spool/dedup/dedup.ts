// Whether a run is there already: the table of the last two hours, kept over restarts beside the segments.

import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Clock } from '../../runtime/clock.ts';
import type { RunKey } from '../../model/point.ts';
import type { StoredRunKey } from '../log/format.ts';
import { numbersOf, runKeysPath } from '../log/segment-files.ts';
import { type CollectedRuns, collectedRuns, readRunKeys, writeRunKeys } from './run-key-files.ts';
import { type Known, runKeyTable, type RunKeyTable } from './run-key-table.ts';

export interface Dedup {
  /** Whether a run is known, and with these contents. */
  look(run: StoredRunKey): Known;
  /** Remembers a run whose frame is appended to this segment. */
  add(run: StoredRunKey, segment: number): void;
  /** Remembers one that is found in the log, with the time of its group, ms since 1970 UTC. */
  restore(run: StoredRunKey, segment: number, atMs: number): void;
  /** Forgets one that could not be stored. */
  remove(run: StoredRunKey): void;
  /** Resolves when a run of this time can be looked up: after a start the keys are read first, newest first. Undefined: it can be at once. */
  readyFor(atMs: number | undefined): Promise<void> | undefined;
  /** Writes the keys of the segments before this one; resolves when they are durable, rejects when a file cannot be written. */
  persistBefore(segment: number): Promise<void>;
  /** Writes those that were restored as of `formerSegment`, which must be all of them; resolves when they are durable. */
  persistFormer(): Promise<void>;
  /** Forgets what is old enough, and what is too much; rejects when a file cannot be deleted. */
  tidy(): Promise<void>;
  /** Reads what former runs knew; resolves when it is all in. A file that cannot be read counts as an empty one. */
  read(): Promise<void>;
  status(): DedupStatus;
  /** Ends the reading. */
  close(): void;
}

export interface DedupStatus {
  readonly runs: number;
  /** What the table takes in memory. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** For how long runs are remembered now; less than two hours when the bound on the bytes was reached. */
  readonly windowMs: number;
}

export interface DedupOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  /** Bound on the memory that the table takes. */
  readonly maxBytes: number;
  /** When the former run ended, as far as is known; ms since 1970 UTC. */
  readonly formerEndMs: number | undefined;
}

/** In the place of the number of a segment: what an earlier version stored, and of which there is no frame. */
export const legacySegment = 0;

const generationMs = 900_000;
/** The one that runs and nine before it: a key lives two hours and a quarter to two and a half. */
const generations = 10;
export const dedupWindowMs = 7_200_000;
/** A run that is older than the end of the former run, less the time that clocks may differ, waits for the keys. */
const marginMs = 600_000;

interface DedupState extends DedupOptions {
  /** The quarter of an hour in which it was opened, since 1970 UTC. */
  readonly first: number;
  /** When it was opened, by the steady clock. */
  readonly startMs: number;
  readonly table: RunKeyTable;
  /** The runs of each segment whose keys are not in a file yet. */
  readonly collected: Map<number, CollectedRuns>;
  /** The files of segments, and the newest generation in each. */
  readonly files: Map<number, number>;
  readonly stop: AbortController;
  writing: Promise<void>;
  reading: Promise<void> | undefined;
  isRead: boolean;
  /** Whether runs were forgotten early since the start, because of the bound on the bytes. */
  isCut: boolean;
  /** Runs that were added since the bound was last looked at. */
  sinceBound: number;
}

const runsBetweenBounds = 4_096;

/** The table, and the reading of what former runs knew. */
export function openDedup({ directory, clock, maxBytes, formerEndMs }: DedupOptions): Dedup {
  const first = generationOf(clock.now());
  const state: DedupState = {
    directory,
    clock,
    maxBytes,
    formerEndMs,
    first,
    startMs: clock.steady(),
    table: runKeyTable(first - generations + 1),
    collected: new Map(),
    files: new Map(),
    stop: new AbortController(),
    writing: Promise.resolve(),
    reading: undefined,
    isRead: false,
    isCut: false,
    sinceBound: 0,
  };
  return {
    look: state.table.look,
    add: (run, segment) => add(state, run, segment),
    restore(run, segment, atMs) {
      const generation = Math.min(first, Math.max(generationOf(atMs), state.table.oldest()));
      remember(state, run, segment, generation);
    },
    remove: (run) => remove(state, run),
    readyFor: (atMs) => readyFor(state, atMs),
    persistBefore: (segment) => persist(state, (number) => number !== legacySegment && number < segment),
    persistFormer: () => persist(state, (number) => number === legacySegment),
    tidy: () => tidy(state),
    read: () => (state.reading ??= read(state)),
    status: () => ({ runs: state.table.count(), bytes: state.table.bytes(), maxBytes, windowMs: windowMsOf(state) }),
    close: () => state.stop.abort(),
  };
}

/** The quarter of an hour that it is, by the steady clock, so that a machine's time that is set forgets nothing. */
function current({ first, startMs, clock }: DedupState): number {
  return first + Math.floor((clock.steady() - startMs) / generationMs);
}

function add(state: DedupState, run: StoredRunKey, segment: number): void {
  remember(state, run, segment, current(state));
  state.sinceBound += 1;
  if (state.sinceBound < runsBetweenBounds) return;
  state.sinceBound = 0;
  bound(state);
}

function remember({ table, collected }: DedupState, run: StoredRunKey, segment: number, generation: number): void {
  table.add(run, generation);
  let runs = collected.get(segment);
  if (runs === undefined) collected.set(segment, (runs = collectedRuns()));
  runs.add(run, generation);
}

/** Forgets what is old enough; when the bytes are too many the oldest quarter of an hour goes as well. */
function bound(state: DedupState): void {
  const { table, maxBytes } = state;
  table.forgetBefore(current(state) - generations + 1);
  // What was forgotten last may take its room still: nothing more goes for it.
  if (table.bytes() <= maxBytes || !table.isSwept()) return;
  state.isCut = true;
  table.forgetBefore(Math.min(table.oldest() + 1, current(state)));
}

function remove({ table, collected }: DedupState, run: StoredRunKey): void {
  table.remove(run);
  // It is in one of the last segments.
  for (const runs of [...collected.values()].toReversed()) if (runs.remove(run)) return;
}

function readyFor({ isRead, formerEndMs, reading }: DedupState, atMs: number | undefined): Promise<void> | undefined {
  if (isRead || formerEndMs === undefined) return undefined;
  return atMs !== undefined && atMs > formerEndMs + marginMs ? undefined : reading;
}

/** One after the other: they write the same files. */
function persist(state: DedupState, isMeant: (segment: number) => boolean): Promise<void> {
  const next = state.writing.then(() => write(state, isMeant));
  state.writing = next.catch(() => {});
  return next;
}

async function write(state: DedupState, isMeant: (segment: number) => boolean): Promise<void> {
  const { directory, collected, files } = state;
  for (const [segment, runs] of collected) {
    if (!isMeant(segment)) continue;
    await writeRunKeys(directory, segment, runs);
    collected.delete(segment);
    files.set(segment, current(state));
  }
}

/** Deletes the files as well in which nothing is remembered any more. */
async function tidy(state: DedupState): Promise<void> {
  bound(state);
  for (const [segment, newest] of state.files) {
    if (newest >= state.table.oldest()) continue;
    await rm(runKeysPath(state.directory, segment), { force: true });
    state.files.delete(segment);
  }
}

/** The newest file first, as far as the bound on the bytes allows. */
async function read(state: DedupState): Promise<void> {
  const { directory, table, maxBytes, files, stop } = state;
  for (const segment of numbersOf(directory, 'keys').toReversed()) {
    let newest = 0;
    const now = current(state);
    const take = (run: StoredRunKey, generation: number): void => {
      if (generation > newest) newest = generation;
      if (generation >= table.oldest() && generation <= now && table.bytes() <= maxBytes) table.add(run, generation);
    };
    await readRunKeys(directory, segment, take, stop.signal);
    files.set(segment, newest);
  }
  state.isRead = true;
}

function windowMsOf(state: DedupState): number {
  if (!state.isCut) return dedupWindowMs;
  return Math.min(dedupWindowMs, (current(state) - state.table.oldest()) * generationMs);
}

/** Counts the quarters of an hour since 1970 UTC. */
function generationOf(atMs: number): number {
  return Math.max(generations, Math.floor(atMs / generationMs));
}

/** The 64 bits of the key's SHA-1 and 32 of the contents' digest. */
export function storedRunKey({ key, digest }: RunKey): StoredRunKey {
  return storedFrom(hash('sha1', key, 'base64url'), digest);
}

/** @param hashed - base64url of a SHA-1 */
export function storedFrom(hashed: string, digest: string): StoredRunKey {
  let lo = 0;
  let hi = 0;
  for (let at = 0; at < 5; at += 1) lo = ((lo << 6) | sextet(hashed.charCodeAt(at))) >>> 0;
  for (let at = 5; at < 11; at += 1) hi = ((hi << 6) | sextet(hashed.charCodeAt(at))) >>> 0;
  lo = ((lo << 2) | (sextet(hashed.charCodeAt(11)) & 3)) >>> 0;
  return { lo, hi: hi === 0 ? 1 : hi, digest: crc32(digest) };
}

/** The value of a character of base64url. */
function sextet(code: number): number {
  if (code >= 97) return code - 71;
  if (code >= 65) return code === 95 ? 63 : code - 65;
  return code === 45 ? 62 : code + 4;
}
