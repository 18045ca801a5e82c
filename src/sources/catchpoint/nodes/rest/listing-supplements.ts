// The lists that fill gaps of a listing. Each is read with every refresh and stored on disk. When it cannot be read, the
// stored one is used.

import { join } from 'node:path';
import { finiteNumber, describeValue, member } from '../../fields.ts';
import { jsonFile } from '../json-file.ts';
import type { CacheOptions } from '../listing.ts';

/** As in the file and in the notes. */
const names = ['continents', 'customer nodes', 'v1 nodes'] as const;
type SupplementName = (typeof names)[number];

export interface ListingSupplements {
  /** The list from `read`. When that fails: the stored list, else an empty one, and a note. */
  part(name: SupplementName, read: () => Promise<readonly unknown[]>): Promise<readonly unknown[]>;
  /** The gaps of the listing. */
  readonly notes: string[];
}

interface StoredPart {
  readonly readAtMs: number;
  readonly entries: readonly unknown[];
}

type StoredParts = Readonly<Partial<Record<SupplementName, StoredPart>>>;

/** The supplements of one refresh. */
export function listingSupplements({ stateDir, clock, log }: CacheOptions, signal: AbortSignal): ListingSupplements {
  const file = jsonFile({ path: join(stateDir, 'nodes', 'fill-ins.json'), parse, log });
  const notes: string[] = [];
  return {
    async part(name, read) {
      const stored = (await file.read()) ?? {};
      let entries: readonly unknown[];
      try {
        entries = await read();
      } catch (error) {
        signal.throwIfAborted();
        const last = stored[name];
        const instead =
          last === undefined ? 'nothing is filled in' : `those of ${new Date(last.readAtMs).toISOString()} are used`;
        notes.push(`${name}: ${instead} (${(error as Error).message})`);
        return last?.entries ?? [];
      }
      await file.write({ ...stored, [name]: { readAtMs: clock.now(), entries } });
      return entries;
    },
    notes,
  };
}

function parse(json: unknown): StoredParts {
  const parts = names.flatMap((name) => {
    const part = member(json, name);
    if (part === undefined) return [];
    const entries = member(part, 'entries');
    const readAtMs = finiteNumber(member(part, 'readAtMs'));
    if (!Array.isArray(entries) || readAtMs === undefined)
      throw new Error(`${name}: expected readAtMs and entries, found ${describeValue(part)}`);
    return [[name, { readAtMs, entries }] as const];
  });
  return Object.fromEntries(parts);
}
