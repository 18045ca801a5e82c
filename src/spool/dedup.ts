// Whether a run is there already: the table of the last two hours, kept over restarts beside the segments.

import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { RunKey } from '../point.ts';
import type { StoredRunKey } from './log/format.ts';
import { numbersOf, runKeysPath } from './log/segment-files.ts';
import { type CollectedRuns, collectedRuns, readRunKeys, writeRunKeys } from './run-key-files.ts';
import { type Known, runTable } from './run-table.ts';

export interface Dedup {
  look(run: StoredRunKey): Known;
  /** Remembers a run whose frame is appended to this segment. */
  add(run: StoredRunKey, segment: number): void;
  /** Remembers one that is found in the log, with the time of its group. */
  restore(run: StoredRunKey, segment: number, atMs: number): void;
  /** Forgets one that could not be stored. */
  remove(run: StoredRunKey): void;
  /** Resolves when a run of this time can be looked up: after a start the keys are read first, newest first. Undefined: it can be at once. */
  readyFor(atMs: number | undefined): Promise<void> | undefined;
  /** Writes the keys of the segments before this one; resolves when they are durable. */
  persistBefore(segment: number): Promise<void>;
  /** Forgets what is old enough, and what is too much. */
  tidy(): Promise<void>;
  /** Reads what former runs knew; resolves when it is all in. */
  read(): Promise<void>;
  status(): DedupStatus;
  close(): void;
}

export interface DedupStatus {
  readonly runs: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** For how long runs are remembered now; less than two hours when the bound on the bytes was reached. */
  readonly windowMs: number;
}

export interface DedupOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  readonly maxBytes: number;
  /** When the former run ended, as far as is known; ms since 1970 UTC. */
  readonly formerEndMs: number | undefined;
}

const generationMs = 900_000;
/** The one that runs and nine before it: a key lives two hours and a quarter to two and a half. */
const generations = 10;
export const dedupWindowMs = 7_200_000;
/** A run that is older than the end of the former run, less the time that clocks may differ, waits for the keys. */
const marginMs = 600_000;

/** The table, and the reading of what former runs knew. */
export function openDedup({ directory, clock, maxBytes, formerEndMs }: DedupOptions): Dedup {
  // By the steady clock, so that a machine's time that is set forgets nothing.
  const first = generationOf(clock.now());
  const startMs = clock.steady();
  const current = (): number => first + Math.floor((clock.steady() - startMs) / generationMs);
  const table = runTable(first - generations + 1);
  const collected = new Map<number, CollectedRuns>();
  /** The files of segments, and the newest generation in each. */
  const files = new Map<number, number>();
  const stop = new AbortController();
  let reading: Promise<void> | undefined;
  let isRead = false;
  let isCut = false;

  function collect(run: StoredRunKey, segment: number, generation: number): void {
    let runs = collected.get(segment);
    if (runs === undefined) collected.set(segment, (runs = collectedRuns()));
    runs.add(run, generation);
  }

  /** When the bytes are too many the oldest quarter of an hour goes. */
  function bound(): void {
    table.forgetBefore(current() - generations + 1);
    // What was forgotten last may take its room still: nothing more goes for it.
    if (table.bytes() <= maxBytes || !table.isSwept()) return;
    isCut = true;
    table.forgetBefore(Math.min(table.oldest() + 1, current()));
  }

  async function read(): Promise<void> {
    for (const segment of numbersOf(directory, 'keys').toReversed()) {
      let newest = 0;
      const take = (run: StoredRunKey, generation: number): void => {
        newest = Math.max(newest, generation);
        if (generation >= table.oldest() && generation <= current() && table.bytes() <= maxBytes) table.add(run, generation);
      };
      await readRunKeys(directory, segment, take, stop.signal);
      files.set(segment, newest);
    }
    isRead = true;
  }

  let sinceBound = 0;
  return {
    look: table.look,
    add(run, segment) {
      const generation = current();
      table.add(run, generation);
      collect(run, segment, generation);
      sinceBound += 1;
      if (sinceBound < 4096) return;
      sinceBound = 0;
      bound();
    },
    restore(run, segment, atMs) {
      const generation = Math.min(first, Math.max(generationOf(atMs), table.oldest()));
      table.add(run, generation);
      collect(run, segment, generation);
    },
    remove(run) {
      table.remove(run);
      // It is in one of the last segments.
      for (const runs of [...collected.values()].toReversed()) if (runs.remove(run)) return;
    },
    readyFor(atMs) {
      if (isRead || formerEndMs === undefined) return undefined;
      return atMs !== undefined && atMs > formerEndMs + marginMs ? undefined : reading;
    },
    async persistBefore(segment) {
      for (const [number, runs] of collected) {
        if (number >= segment) continue;
        await writeRunKeys(directory, number, runs);
        collected.delete(number);
        files.set(number, current());
      }
    },
    async tidy() {
      bound();
      for (const [segment, newest] of files) {
        if (newest >= table.oldest()) continue;
        await rm(runKeysPath(directory, segment), { force: true });
        files.delete(segment);
      }
    },
    status: () => ({ runs: table.count(), bytes: table.bytes(), maxBytes, windowMs: isCut ? Math.min(dedupWindowMs, (current() - table.oldest()) * generationMs) : dedupWindowMs }),
    close: () => stop.abort(),
    read: () => (reading ??= read()),
  };
}

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
