// What a start finds of the store of an earlier version.

import type { Clock } from '../../runtime/clock.ts';
import type { Disk } from '../disk/disk.ts';
import { hasFormerStore } from './lmdb/files.ts';
import { type FormerStore, openFormerStore } from './lmdb/store.ts';
import { FormerStoreUnreadable } from './lmdb/unreadable.ts';
import type { Totals } from '../log/format.ts';

export type FoundFormer =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly former: FormerStore }
  | { readonly kind: 'damaged'; readonly error: FormerStoreUnreadable };

export interface FindingFormer {
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
export async function foundFormer({ directory, clock, disk, signal }: FindingFormer): Promise<FoundFormer> {
  if (!hasFormerStore(directory)) return { kind: 'none' };
  try {
    return { kind: 'open', former: await openedWithRoom(directory, { clock, disk, signal }) };
  } catch (error) {
    if (error instanceof FormerStoreUnreadable && error.isDamaged) return { kind: 'damaged', error };
    throw error;
  }
}

/** After sysexits: reading or writing failed. */
const ioError = 74;

/** What the lock file takes may be more than a full disk has; the reserve has it. */
async function openedWithRoom(directory: string, { disk, ...options }: Omit<FindingFormer, 'directory'>): Promise<FormerStore> {
  try {
    return await openFormerStore(directory, options);
  } catch (error) {
    if (!(error instanceof FormerStoreUnreadable) || error.exitCode !== ioError || disk.reservedBytes() === 0) throw error;
    disk.giveUpReserve();
    return openFormerStore(directory, options);
  }
}

/** What had been appended, ever, to a store that can be read. */
export function endOf(found: FoundFormer): Totals | undefined {
  if (found.kind !== 'open') return undefined;
  const { sequence, points, bytes } = found.former.head;
  return { records: sequence, points, bytes };
}
