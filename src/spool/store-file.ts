// The file of an open store, watched: who deletes or replaces it would take along what is acknowledged into it from then on,
// and what waits. The open file still has all of that, and gives it back.

import { closeSync, createWriteStream, existsSync, fstatSync, openSync, read, rmSync, type Stats, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
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

const bytesAtOnce = 1 << 20;

/** All that is in an open file. A stream of it would close the file when what reads the stream fails. */
async function* bytesOf(file: number): AsyncGenerator<Buffer> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await promisify(read)(file, Buffer.allocUnsafe(bytesAtOnce), 0, bytesAtOnce, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Where the copy is made, until it is whole: in the directory of the store, and beside it. */
function unfinishedCopies(directory: string): { readonly within: string; readonly beside: string } {
  return { within: join(directory, 'data.mdb.new'), beside: `${directory}.rescue` };
}

/**
 * Removes what is left of a rescue that was killed, too.
 *
 * @param now - ms since 1970 UTC
 */
export function openStoreFile(directory: string, now: () => number): StoreFile {
  const path = join(directory, 'data.mdb');
  const copies = unfinishedCopies(directory);
  for (const copy of Object.values(copies)) rmSync(copy, { recursive: true, force: true });
  const file = openSync(path, 'r');
  const { dev, ino } = fstatSync(file);
  let rescuing: Promise<string> | undefined;
  let isClosed = false;

  async function copyTo(copy: string): Promise<void> {
    await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
    await pipeline(bytesOf(file), createWriteStream(copy, { mode: 0o600, flush: true }));
  }

  /** Puts a copy where it is wanted once it is whole; what there is of one that fails takes no room on a disk that may be full. */
  async function rescueTo(target: string): Promise<void> {
    const [copy, made, wanted] = target === directory ? [copies.within, copies.within, path] : [join(copies.beside, 'data.mdb'), copies.beside, target];
    try {
      await copyTo(copy);
      await rename(made, wanted);
    } catch (error) {
      await rm(made, { recursive: true, force: true }).catch(() => {});
      throw error;
    }
  }

  async function rescue(): Promise<string> {
    const isReplaced = existsSync(path);
    const what = `${path} was ${isReplaced ? 'replaced' : 'deleted'} while the bridge ran`;
    try {
      const target = isReplaced ? nameAside(directory, now()) : directory;
      await rescueTo(target);
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
