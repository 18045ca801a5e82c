// Creates a directory and its missing parents. Unlike Node's recursive mkdir, it also returns for paths below /proc.

import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory and its missing parents. An existing directory keeps its mode.
 *
 * Node's recursive mkdir does not return for a path below /proc, where no directory can be made.
 *
 * @param mode - the mode of new directories
 * @throws the error of the system
 */
export function makeDirectory(path: string, mode = 0o777): void {
  try {
    makeOne(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const parent = dirname(path);
    // Another process may have made the parent meanwhile. Otherwise the second attempt throws the same error.
    if (!existsSync(parent)) makeDirectory(parent, mode);
    makeOne(path, mode);
  }
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}
