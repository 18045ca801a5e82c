// Checks that the directory of a spool and the files in it can be used.

import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../../runtime/make-directory.ts';
import { type PathError, pathErrorOf } from '../../runtime/path-error.ts';

export class PathUnusable extends Error {
  override readonly name = 'PathUnusable';
  readonly exitCode: number;
  constructor(path: string, { explanation, exitCode }: PathError, cause?: unknown) {
    super(`${path}: ${explanation}`, { cause });
    this.exitCode = exitCode;
  }
}

const spoolFiles = /^(\d+\.(segment|spare|keys|newest)|checkpoint(\.\w+)?|data\.mdb|lock\.mdb)$/;

/**
 * Creates the directory if necessary, and checks that it and its files can be read and written.
 *
 * @throws PathUnusable
 */
export function checkDirectory(directory: string): void {
  withPath(directory, () => makeDirectory(directory, 0o700));
  withPath(directory, () => accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK));
  for (const name of readdirSync(directory)) {
    if (!spoolFiles.test(name)) continue;
    const path = join(directory, name);
    const found = withPath(path, () => statSync(path, { throwIfNoEntry: false }));
    if (found === undefined) continue;
    if (!found.isFile()) {
      const kind = found.isDirectory() ? 'a directory' : 'something else';
      throw new PathUnusable(path, { explanation: `expected a file, found ${kind}; move it away`, exitCode: 78 });
    }
    withPath(path, () => accessSync(path, constants.R_OK | constants.W_OK));
  }
}

/** Adds the path to the errors of `act`. */
function withPath<Result>(path: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const pathError = pathErrorOf(error);
    throw pathError === undefined ? error : new PathUnusable(path, pathError, error);
  }
}
