// Restores the run keys of the legacy store into the dedup table, and stores them in a separate file.

import { existsSync } from 'node:fs';
import { legacySegment, storedFrom } from '../dedup/dedup.ts';
import { runKeysPath } from '../log/segment-files.ts';
import type { Store } from '../store.ts';
import type { LegacyItem } from './lmdb/items.ts';
import type { LegacyStore } from './lmdb/store.ts';
import { isSpaceError } from './space-error.ts';

/** Writes the file. Without disk space it does nothing, and each start reads the keys again. */
export async function storeRuns({ dedup }: Store): Promise<void> {
  await dedup.persistLegacy().catch((error: unknown) => {
    if (!isSpaceError(error)) throw error;
  });
}

/** Reads the keys from the legacy store, unless the file exists. */
export async function restoreRuns({ dedup }: Store, legacy: LegacyStore, directory: string): Promise<void> {
  if (existsSync(runKeysPath(directory, legacySegment))) return;
  for await (const item of legacy.items()) {
    if (item.kind === 'run') restoreRun(dedup, item);
    else if (kindsAfterRuns.includes(item.kind)) return;
  }
}

const kindsAfterRuns: readonly LegacyItem['kind'][] = ['retry', 'parked', 'letter', 'sample'];

/** A key is the run's second, in seven characters, and sixteen characters of its hash. */
const secondCharacters = 7;
const hourMs = 3_600_000;

export function restoreRun(
  dedup: Store['dedup'],
  { key, digest, generation }: Extract<LegacyItem, { kind: 'run' }>,
): void {
  dedup.restore(storedFrom(key.slice(secondCharacters), digest), legacySegment, (generation + 1) * hourMs - 1);
}
