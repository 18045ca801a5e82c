// A JSON file in the state directory: replaced atomically, and moved aside when its content is unusable.

import { readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Log } from '../../../runtime/log.ts';
import { makeDirectory } from '../../../runtime/make-directory.ts';

export interface JsonFile<T> {
  readonly path: string;
  /** Undefined when there is no file, or when its content is unusable, which is logged. */
  read(): Promise<T | undefined>;
  /** Rejects with the system's error. */
  write(value: T): Promise<void>;
  /** Time of the last replacement, ms since 1970 UTC. */
  modifiedAtMs(): Promise<number | undefined>;
}

interface JsonFileOptions<T> {
  readonly path: string;
  /** @throws an error that names the fault */
  readonly parse: (json: unknown) => T;
  /** Defaults to JSON.stringify. */
  readonly render?: (value: T) => string;
  readonly log: Log;
}

export function jsonFile<T>({ path, parse, render = JSON.stringify, log }: JsonFileOptions<T>): JsonFile<T> {
  return {
    path,
    async read() {
      const text = await undefinedIfMissing(readFile(path, 'utf8'));
      if (text === undefined) return undefined;
      try {
        return parse(JSON.parse(text));
      } catch (error) {
        const aside = `${path}.broken`;
        await rename(path, aside);
        log.warn(
          { file: path, aside, reason: (error as Error).message },
          'a kept file cannot be used; it is moved aside',
        );
        return undefined;
      }
    },
    async write(value) {
      makeDirectory(dirname(path), 0o700);
      await writeFileAtomic(path, `${render(value)}\n`, { mode: 0o600 });
    },
    async modifiedAtMs() {
      return (await undefinedIfMissing(stat(path)))?.mtimeMs;
    },
  };
}

/** The result of a file operation. Undefined when the file does not exist. */
export async function undefinedIfMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
