// Finds and opens the legacy store at a start.

import type { Clock } from '../../runtime/clock.ts';
import type { Disk } from '../disk/disk.ts';
import type { Totals } from '../log/format.ts';
import { hasLegacyStore } from './lmdb/files.ts';
import { type LegacyStore, openLegacyStore } from './lmdb/store.ts';
import { ioError, LegacyStoreUnreadable } from './lmdb/unreadable.ts';

export type FoundLegacyStore =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly legacy: LegacyStore }
  | { readonly kind: 'damaged'; readonly error: LegacyStoreUnreadable };

export interface FindLegacyOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly disk: Disk;
  /** Kills the reader process. */
  readonly signal: AbortSignal;
}

/** @throws LegacyStoreUnreadable if the cause is not damage */
export async function findLegacyStore(options: FindLegacyOptions): Promise<FoundLegacyStore> {
  const { directory, disk } = options;
  if (!hasLegacyStore(directory)) return { kind: 'none' };
  try {
    return { kind: 'open', legacy: await openLegacyStore(directory, options) };
  } catch (error) {
    if (!(error instanceof LegacyStoreUnreadable)) throw error;
    if (error.isDamaged) return { kind: 'damaged', error };
    // A full disk may have no space for the lock file.
    if (error.exitCode !== ioError || disk.reservedBytes() === 0) throw error;
    disk.giveUpReserve();
    return findLegacyStore(options);
  }
}

export function endOf(found: FoundLegacyStore): Totals | undefined {
  if (found.kind !== 'open') return undefined;
  const { sequence, points, bytes } = found.legacy.head;
  return { records: sequence, points, bytes };
}
