// The file of an open store, watched: who deletes or replaces it would take along what is acknowledged into it from then on,
// and what waits. The open file still has all of that, and gives it back.

import { closeSync, createReadStream, createWriteStream, existsSync, fstatSync, openSync, type Stats, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { nameAside } from './aside.ts';

export interface StoreFile {
  /** Whether its name still leads to it; of one that is closed nothing is asked. */
  isThere(): boolean;
  /**
   * Copies what is in it back to where it was; where another file has its name, to where the next start looks for what is
   * to be salvaged. To be called when nothing is written any more; the copy is made once. Resolves with words for the log.
   */
  rescue(): Promise<string>;
  close(): void;
}

function statAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** @param now - ms since 1970 UTC */
export function openStoreFile(directory: string, now: () => number): StoreFile {
  const path = join(directory, 'data.mdb');
  const file = openSync(path, 'r');
  const { dev, ino } = fstatSync(file);
  let rescuing: Promise<string> | undefined;
  let isClosed = false;

  async function copyTo(target: string): Promise<void> {
    const copy = join(target, 'data.mdb.new');
    await mkdir(target, { recursive: true, mode: 0o700 });
    await pipeline(createReadStream(path, { fd: file, autoClose: false, start: 0 }), createWriteStream(copy, { mode: 0o600, flush: true }));
    await rename(copy, join(target, 'data.mdb'));
  }

  async function rescue(): Promise<string> {
    const isReplaced = existsSync(path);
    const what = `${path} was ${isReplaced ? 'replaced' : 'deleted'} while the bridge ran`;
    try {
      const target = isReplaced ? nameAside(directory, now()) : directory;
      await copyTo(target);
      return `${what}; what was in it ${isReplaced ? `is in ${target}, and comes back after the next start` : 'is there again'}`;
    } catch (error) {
      return `${what}, and what was in it could not be saved (${(error as Error).message}): all that waited is lost`;
    }
  }

  return {
    isThere() {
      if (isClosed) return true;
      const found = statAt(path);
      return found !== undefined && found.ino === ino && found.dev === dev;
    },
    rescue: () => (rescuing ??= rescue()),
    close() {
      if (!isClosed) closeSync(file);
      isClosed = true;
    },
  };
}
