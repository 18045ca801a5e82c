// The files of the legacy store: finds them, sets a damaged store aside, and removes a drained one.

import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const dataFile = 'data.mdb';
const lockFile = 'lock.mdb';
const damagedMark = '.damaged-';
/** In a store that an earlier version has set aside and then salvaged. */
const salvagedFile = 'salvaged';

export function hasLegacyStore(directory: string): boolean {
  return exists(join(directory, dataFile));
}

/** Renames a store that cannot be read, to `data.mdb.damaged-20261121T033412Z`. Returns the new path. */
export function moveLegacyStoreAside(directory: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const path = freePath(join(directory, `${dataFile}${damagedMark}${time}`));
  renameSync(join(directory, dataFile), path);
  rmSync(join(directory, lockFile), { force: true });
  syncDirectory(directory);
  return path;
}

/** Idempotent. */
export function removeLegacyStore(directory: string): void {
  for (const name of [dataFile, lockFile]) rmSync(join(directory, name), { force: true });
  syncDirectory(directory);
}

/** Lists the stores that an earlier version has set aside beside the spool and not salvaged, the oldest first. */
export function damagedLegacyStores(directory: string): string[] {
  const parent = dirname(directory);
  const names = readdirSync(parent).filter((name) => name.startsWith(`${basename(directory)}${damagedMark}`));
  const paths = names.toSorted().map((name) => join(parent, name));
  return paths.filter((path) => exists(join(path, dataFile)) && !exists(join(path, salvagedFile)));
}

/** More than lmdb needs for its default number of readers. */
const lockBytes = 16_384;

/**
 * Replaces `lock.mdb` and allocates its space. lmdb maps the file: old contents, or a page that a full disk cannot
 * provide, would kill the process. On a read-only disk lmdb works without the file.
 *
 * @throws the disk's error if there is no space
 */
export function renewLockFile(directory: string): void {
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

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function freePath(path: string, number = 2): string {
  if (!exists(path)) return path;
  return exists(`${path}-${number}`) ? freePath(path, number + 1) : `${path}-${number}`;
}

function syncDirectory(directory: string): void {
  const file = openSync(directory, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
