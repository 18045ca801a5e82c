// A JSON file in the state directory: replaced atomically, and moved aside when something else stands in it.

import { readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Log } from '../../../runtime/log.ts';
import { makeDirectory } from '../../../runtime/make-directory.ts';

export interface JsonFile<T> {
  readonly path: string;
  /** What was written last; undefined when there is nothing, or nothing that can be used (which is logged). */
  read(): Promise<T | undefined>;
  /** Replaces it whole. Rejects with the disk's own error. */
  write(value: T): Promise<void>;
  /** When the file was last replaced, in ms since 1970 UTC. */
  modifiedAtMs(): Promise<number | undefined>;
}

export interface JsonFileOptions<T> {
  readonly path: string;
  /** Reads the parsed JSON; throws an error that says what is wrong with it. */
  readonly parse: (json: unknown) => T;
  /** The file's text; by default plain JSON. */
  readonly render?: (value: T) => string;
  readonly log: Log;
}

export function jsonFile<T>({
  path,
  parse,
  render = (value) => JSON.stringify(value),
  log,
}: JsonFileOptions<T>): JsonFile<T> {
  return {
    path,
    async read() {
      const text = await textOf(path);
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
      return (await unlessMissing(stat(path)))?.mtimeMs;
    },
  };
}

async function textOf(path: string): Promise<string | undefined> {
  return (await unlessMissing(readFile(path)))?.toString();
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
