// Deduplication: remembers runs for at least two hours, over restarts. Files beside the segments store the run keys.

import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { RunKey } from '../../model/point.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { StoredRunKey } from '../log/format.ts';
import { fileNumbers, runKeysPath } from '../log/segment-files.ts';
import { readRunKeys, RunKeyBuffer, writeRunKeys } from './run-key-files.ts';
import { type RunLookup, RunKeyTable } from './run-key-table.ts';

export interface DedupStatus {
  readonly runs: number;
  /** Memory of the table. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Less than two hours if runs were forgotten early to stay within `maxBytes`. */
  readonly windowMs: number;
}

interface DedupOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  /** Bound on the memory of the table. */
  readonly maxBytes: number;
  /** The end of the previous process, ms since 1970 UTC, if known. */
  readonly previousEndMs: number | undefined;
}

/** The segment number of run keys that the legacy store had, without a frame in the log. */
export const legacySegment = 0;

/** Runs are remembered by generation, a quarter of an hour counted since 1970 UTC. */
const generationMs = 900_000;
/** The current one and nine before it: a key lives between two and a quarter and two and a half hours. */
const generations = 10;
export const dedupWindowMs = 7_200_000;
/** Allowance for clock differences: only a run this much younger than the previous process skips the wait. */
const marginMs = 600_000;
const addsPerSweep = 4_096;

export class Dedup {
  private readonly options: DedupOptions;
  private readonly firstGeneration: number;
  /** By the steady clock. */
  private readonly startMs: number;
  private readonly table: RunKeyTable;
  /** Run keys not yet in a file, by segment. */
  private readonly unwritten = new Map<number, RunKeyBuffer>();
  /** The newest generation in each file, by segment. */
  private readonly files = new Map<number, number>();
  private readonly stop = new AbortController();
  private writing: Promise<void> = Promise.resolve();
  private reading: Promise<void> | undefined;
  private isRead = false;
  /** Whether runs were forgotten early because of `maxBytes`. */
  private isCut = false;
  private addsSinceSweep = 0;

  constructor(options: DedupOptions) {
    this.options = options;
    this.firstGeneration = generationOf(options.clock.now());
    this.startMs = options.clock.steady();
    this.table = new RunKeyTable(this.firstGeneration - generations + 1);
  }

  look(run: StoredRunKey): RunLookup {
    return this.table.look(run);
  }

  /** Adds a run whose frame is appended to this segment. */
  add(run: StoredRunKey, segment: number): void {
    this.remember(run, segment, this.currentGeneration());
    this.addsSinceSweep += 1;
    if (this.addsSinceSweep < addsPerSweep) return;
    this.addsSinceSweep = 0;
    this.sweep();
  }

  /** Adds a run found in the log at recovery. `atMs` is the time of its group. */
  restore(run: StoredRunKey, segment: number, atMs: number): void {
    const generation = Math.min(this.firstGeneration, Math.max(generationOf(atMs), this.table.oldest()));
    this.remember(run, segment, generation);
  }

  /** Removes a run whose group failed. */
  remove(run: StoredRunKey): void {
    this.table.remove(run);
    // It is in one of the last segments.
    for (const keys of [...this.unwritten.values()].toReversed()) if (keys.remove(run)) return;
  }

  /** Undefined if a run of this time can be looked up now. Otherwise resolves when the stored keys are read. */
  readyFor(atMs: number | undefined): Promise<void> | undefined {
    const { previousEndMs } = this.options;
    if (this.isRead || previousEndMs === undefined) return undefined;
    return atMs !== undefined && atMs > previousEndMs + marginMs ? undefined : this.reading;
  }

  /** Writes the keys of earlier segments. Durable on return. */
  persistBefore(segment: number): Promise<void> {
    return this.persist((number) => number !== legacySegment && number < segment);
  }

  /** Writes the keys of the legacy store, which must all be restored. Durable on return. */
  persistLegacy(): Promise<void> {
    return this.persist((number) => number === legacySegment);
  }

  /** Forgets old generations, and deletes files without remembered runs. */
  async tidy(): Promise<void> {
    this.sweep();
    for (const [segment, newest] of this.files) {
      if (newest >= this.table.oldest()) continue;
      await rm(runKeysPath(this.options.directory, segment), { force: true });
      this.files.delete(segment);
    }
  }

  /** Reads the stored keys. An unreadable file counts as empty. */
  read(): Promise<void> {
    return (this.reading ??= this.readFiles());
  }

  status(): DedupStatus {
    const { table, isCut } = this;
    const windowMs = isCut
      ? Math.min(dedupWindowMs, (this.currentGeneration() - table.oldest()) * generationMs)
      : dedupWindowMs;
    return { runs: table.count(), bytes: table.bytes(), maxBytes: this.options.maxBytes, windowMs };
  }

  close(): void {
    this.stop.abort();
  }

  /** Measured by the steady clock, so that setting the wall clock forgets nothing. */
  private currentGeneration(): number {
    return this.firstGeneration + Math.floor((this.options.clock.steady() - this.startMs) / generationMs);
  }

  private remember(run: StoredRunKey, segment: number, generation: number): void {
    this.table.add(run, generation);
    let keys = this.unwritten.get(segment);
    if (keys === undefined) this.unwritten.set(segment, (keys = new RunKeyBuffer()));
    keys.add(run, generation);
  }

  /** Forgets old generations, and the oldest remaining one if the table is too large. */
  private sweep(): void {
    const { table } = this;
    const current = this.currentGeneration();
    table.forgetBefore(current - generations + 1);
    // Until the last sweep has freed its memory, the size says nothing.
    if (table.bytes() <= this.options.maxBytes || !table.isSwept()) return;
    this.isCut = true;
    table.forgetBefore(Math.min(table.oldest() + 1, current));
  }

  /** Runs one at a time, since calls may write the same files. */
  private persist(isIncluded: (segment: number) => boolean): Promise<void> {
    const next = this.writing.then(() => this.writeFiles(isIncluded));
    this.writing = next.catch(() => {});
    return next;
  }

  private async writeFiles(isIncluded: (segment: number) => boolean): Promise<void> {
    for (const [segment, keys] of this.unwritten) {
      if (!isIncluded(segment)) continue;
      await writeRunKeys(this.options.directory, segment, keys);
      this.unwritten.delete(segment);
      this.files.set(segment, this.currentGeneration());
    }
  }

  /** Reads the newest file first, while the table is within its bound. */
  private async readFiles(): Promise<void> {
    const { table } = this;
    const { directory, maxBytes } = this.options;
    for (const segment of fileNumbers(directory, 'keys').toReversed()) {
      let newest = 0;
      const current = this.currentGeneration();
      const take = (run: StoredRunKey, generation: number): void => {
        if (generation > newest) newest = generation;
        if (generation >= table.oldest() && generation <= current && table.bytes() <= maxBytes)
          table.add(run, generation);
      };
      await readRunKeys(directory, segment, take, this.stop.signal);
      this.files.set(segment, newest);
    }
    this.isRead = true;
  }
}

function generationOf(atMs: number): number {
  return Math.max(generations, Math.floor(atMs / generationMs));
}

/** Identifies a run by 64 bits of the key's SHA-1 and the CRC-32 of the contents' digest. */
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

/** Decodes a base64url character. */
function sextet(code: number): number {
  if (code >= 97) return code - 71;
  if (code >= 65) return code === 95 ? 63 : code - 65;
  return code === 45 ? 62 : code + 4;
}
