// What is only filled in to a listing: read with each refresh, kept on disk, and taken from there while it cannot be read.

import { join } from 'node:path';
import type { Clock } from '../../../../runtime/clock.ts';
import type { Log } from '../../../../runtime/log.ts';
import { finiteNumber, found, member } from '../../fields.ts';
import { jsonFile } from '../json-file.ts';

/** The name of a part, as it stands in the file and in the notes. */
export type ListingSupplement = 'continents' | 'customer nodes' | 'v1 nodes';

export interface ListingSupplements {
  /**
   * The part as `read` gives it, or as it was last time when that fails; then a note says so. Empty when there was no
   * last time.
   */
  part(name: ListingSupplement, read: () => Promise<readonly unknown[]>): Promise<readonly unknown[]>;
  /** Takes down something else that could not be filled in. */
  note(text: string): void;
  notes(): readonly string[];
}

export interface ListingSupplementsOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface KeptPart {
  readonly readAtMs: number;
  readonly entries: readonly unknown[];
}

type KeptParts = Readonly<Partial<Record<ListingSupplement, KeptPart>>>;

const names: readonly ListingSupplement[] = ['continents', 'customer nodes', 'v1 nodes'];

/** The fill-ins of one refresh. */
export function listingSupplements(
  { stateDir, clock, log }: ListingSupplementsOptions,
  signal: AbortSignal,
): ListingSupplements {
  const file = jsonFile({ path: join(stateDir, 'nodes', 'fill-ins.json'), parse: partsOf, log });
  const notes: string[] = [];
  return {
    async part(name, read) {
      const kept = (await file.read()) ?? {};
      let entries: readonly unknown[];
      try {
        entries = await read();
      } catch (error) {
        signal.throwIfAborted();
        const last = kept[name];
        const instead =
          last === undefined ? 'nothing is filled in' : `those of ${new Date(last.readAtMs).toISOString()} are used`;
        notes.push(`${name}: ${instead} (${(error as Error).message})`);
        return last?.entries ?? [];
      }
      await file.write({ ...kept, [name]: { readAtMs: clock.now(), entries } });
      return entries;
    },
    note: (text) => void notes.push(text),
    notes: () => notes,
  };
}

function partsOf(json: unknown): KeptParts {
  const parts = names.flatMap((name) => {
    const part = member(json, name);
    if (part === undefined) return [];
    const entries = member(part, 'entries');
    const readAtMs = finiteNumber(member(part, 'readAtMs'));
    if (!Array.isArray(entries) || readAtMs === undefined)
      throw new Error(`${name}: expected readAtMs and entries, found ${found(part)}`);
    return [[name, { readAtMs, entries }] as const];
  });
  return Object.fromEntries(parts);
}
