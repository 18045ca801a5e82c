// Small disks: a real one of memory where the machine lets us mount it, and one that a test plays.

import type { ExecutionContext } from 'ava';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../../src/spool/disk.ts';
import { temporaryDirectory } from './directory.ts';

export interface PlayedDisk extends Disk {
  /** What somebody else has written on it. */
  foreignBytes: number;
  /** Every transaction ends with this error, having changed nothing. */
  failWith: Error | undefined;
  /** Transactions that were tried. */
  readonly transactions: number;
}

/** lmdb needs room for the pages that a transaction changes. */
const bytesATransaction = 65_536;

/** An error as lmdb throws it. */
export const lmdbError = (code: number, message: string): Error => Object.assign(new Error(message), { code });

/** A disk of `sizeBytes`, filled by the store in `directory`, the reserve and `foreignBytes`. */
export function playedDisk(directory: string, sizeBytes: number): PlayedDisk {
  let reserve = 0;
  let transactions = 0;
  const storeBytes = (): number => statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0;
  const disk: PlayedDisk = {
    foreignBytes: 0,
    failWith: undefined,
    get transactions() {
      return transactions;
    },
    sizeBytes: () => sizeBytes,
    freeBytes: () => Math.max(0, sizeBytes - storeBytes() - reserve - disk.foreignBytes),
    reservedBytes: () => reserve,
    takeReserve(bytes) {
      if (bytes > disk.freeBytes()) throw new Error('ENOSPC');
      reserve = bytes;
    },
    giveUpReserve: () => void (reserve = 0),
    transact(transaction) {
      transactions += 1;
      if (disk.failWith !== undefined) throw disk.failWith;
      if (disk.freeBytes() < bytesATransaction) throw lmdbError(28, 'No space left on device');
      transaction();
    },
  };
  return disk;
}

/** Who unmounts it, and whom it is told to where nothing can be mounted. */
export interface Mounting extends Pick<ExecutionContext, 'teardown'> {
  log(words: string): void;
}

/** Mounts a disk of memory; undefined, with a word in the test's output, where that is not permitted. */
export async function mountedDisk(t: Mounting, sizeBytes: number): Promise<string | undefined> {
  const directory = await temporaryDirectory(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'bridge-test', directory], { stdio: 'pipe' });
  } catch (error) {
    t.log(`no disk can be mounted here (${(error as Error).message.trim()}): played instead`);
    return undefined;
  }
  t.teardown(() => execFileSync('umount', ['--lazy', directory]));
  return directory;
}
