// The files of the former store: whether there is one, out of the way with one that cannot be read, and away with one that is
// empty.

import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const dataFile = 'data.mdb';
const lockFile = 'lock.mdb';
const damagedMark = '.damaged-';
/** In a store that an earlier version has set aside, and salvaged to its end. */
const salvagedFile = 'salvaged';

/** Whether an earlier version has left its store in the directory of the spool. */
export function hasLegacyStore(directory: string): boolean {
  return isThere(join(directory, dataFile));
}

/** Sets a store that cannot be read aside, to `data.mdb.damaged-20261121T033412Z`, and returns where it is now. */
export function moveLegacyStoreAside(directory: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const aside = freeName(join(directory, `${dataFile}${damagedMark}${time}`));
  renameSync(join(directory, dataFile), aside);
  rmSync(join(directory, lockFile), { force: true });
  syncDirectory(directory);
  return aside;
}

/** Removes a store of which nothing is waited for any more; over as often as one likes. */
export function removeLegacyStore(directory: string): void {
  for (const name of [dataFile, lockFile]) rmSync(join(directory, name), { force: true });
  syncDirectory(directory);
}

/** The stores that an earlier version has set aside beside the spool and not salvaged to their end, the oldest first. */
export function damagedLegacyStores(directory: string): string[] {
  const parent = dirname(directory);
  const names = readdirSync(parent).filter((name) => name.startsWith(`${basename(directory)}${damagedMark}`));
  const paths = names.toSorted().map((name) => join(parent, name));
  return paths.filter((path) => isThere(join(path, dataFile)) && !isThere(join(path, salvagedFile)));
}

/** More than lmdb wants of it for its usual number of readers. */
const lockBytes = 16_384;

/**
 * Puts another `lock.mdb` in the place of what is there, with its room on the disk. lmdb maps it: a process that writes where a full
 * disk has no page for it is ended, and so may one be over what was left in it. Where nothing may be written, lmdb does without it.
 *
 * @throws the disk's error when there is no room
 */
export function makeLockAnew(directory: string): void {
  const path = join(directory, lockFile);
  try {
    rmSync(path, { force: true });
    const file = openSync(path, 'wx', 0o600);
    try {
      const zeros = Buffer.alloc(lockBytes);
      for (let written = 0; written < lockBytes;)
        written += writeSync(file, zeros, written, lockBytes - written, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function freeName(name: string, number = 2): string {
  if (!isThere(name)) return name;
  return isThere(`${name}-${number}`) ? freeName(name, number + 1) : `${name}-${number}`;
}

function syncDirectory(directory: string): void {
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
