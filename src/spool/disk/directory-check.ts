// Whether a directory and the store's files in it can be used at all: what stands in the way is said in words, with what to do.

import { accessSync, constants, readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../../runtime/make-directory.ts';
import { type PathError, pathErrorOf } from '../../runtime/path-error.ts';

/** A file or directory that cannot be used as it is. */
export class PathUnusable extends Error {
  override readonly name = 'PathUnusable';
  readonly exitCode: number;
  constructor(path: string, { words, exitCode }: PathError, cause?: unknown) {
    super(`${path}: ${words}`, { cause });
    this.exitCode = exitCode;
  }
}

/**
 * Makes the directory of a spool where there is none, and looks whether it and the files in it can be read and written.
 *
 * @throws PathUnusable, which names the path
 */
export function checkDirectory(directory: string): void {
  using(directory, () => makeDirectory(directory, 0o700));
  using(directory, () => accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK));
  for (const path of readdirSync(directory)
    .filter((name) => ours.test(name))
    .map((name) => join(directory, name))) {
    const found = using(path, () => statSync(path, { throwIfNoEntry: false }));
    if (found === undefined) continue;
    if (!found.isFile())
      throw new PathUnusable(path, { words: `expected a file, found ${kindOf(found)}; move it away`, exitCode: 78 });
    using(path, () => accessSync(path, constants.R_OK | constants.W_OK));
  }
}

const ours = /^(\d+\.(segment|spare|keys|newest)|checkpoint(\.\w+)?|data\.mdb|lock\.mdb)$/;

function kindOf(found: Stats): string {
  return found.isDirectory() ? 'a directory' : 'something else';
}

function using<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const obstacle = pathErrorOf(error);
    throw obstacle === undefined ? error : new PathUnusable(path, obstacle, error);
  }
}
