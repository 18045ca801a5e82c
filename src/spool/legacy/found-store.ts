// What a start finds of the store of an earlier version.

import type { Clock } from '../../runtime/clock.ts';
import type { Disk } from '../disk/disk.ts';
import { hasLegacyStore } from './lmdb/files.ts';
import { type LegacyStore, openLegacyStore } from './lmdb/store.ts';
import { LegacyStoreUnreadable } from './lmdb/unreadable.ts';
import type { Totals } from '../log/format.ts';

export type FoundLegacyStore =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly former: LegacyStore }
  | { readonly kind: 'damaged'; readonly error: LegacyStoreUnreadable };

export interface FindLegacyOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly disk: Disk;
  /** Ends what reads it. */
  readonly signal: AbortSignal;
}

/**
 * Opens it where there is one.
 *
 * @throws FormerStoreUnreadable where it is not damage that keeps it from being read
 */
export async function findLegacyStore({
  directory,
  clock,
  disk,
  signal,
}: FindLegacyOptions): Promise<FoundLegacyStore> {
  if (!hasLegacyStore(directory)) return { kind: 'none' };
  try {
    return { kind: 'open', former: await openedWithRoom(directory, { clock, disk, signal }) };
  } catch (error) {
    if (error instanceof LegacyStoreUnreadable && error.isDamaged) return { kind: 'damaged', error };
    throw error;
  }
}

/** After sysexits: reading or writing failed. */
const ioError = 74;

/** What the lock file takes may be more than a full disk has; the reserve has it. */
async function openedWithRoom(
  directory: string,
  { disk, ...options }: Omit<FindLegacyOptions, 'directory'>,
): Promise<LegacyStore> {
  try {
    return await openLegacyStore(directory, options);
  } catch (error) {
    if (!(error instanceof LegacyStoreUnreadable) || error.exitCode !== ioError || disk.reservedBytes() === 0)
      throw error;
    disk.giveUpReserve();
    return openLegacyStore(directory, options);
  }
}

/** What had been appended, ever, to a store that can be read. */
export function endOf(found: FoundLegacyStore): Totals | undefined {
  if (found.kind !== 'open') return undefined;
  const { sequence, points, bytes } = found.former.head;
  return { records: sequence, points, bytes };
}
