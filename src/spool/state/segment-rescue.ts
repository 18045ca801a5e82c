// A segment that is deleted or replaced while it is written: the open file still has all that was acknowledged into it, and gives it back.

import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';

const bytesAtOnce = 1 << 20;

/** The file that is written has another name now, or none. */
export class FileGone extends Error {
  override readonly name = 'FileGone';
  constructor() {
    super('a segment was deleted or replaced');
  }
}

/** What is said of a spool that ends; where its file is gone, what was in it is saved first. */
export function wordsOf(
  error: unknown,
  file: { readonly file: number; readonly path: string } | undefined,
  end = 0,
): string {
  return error instanceof FileGone && file !== undefined ? rescue(file, end) : (error as Error).message;
}

/**
 * Copies what is in an open file back to where it was. To be called when nothing is written any more. Words for the log.
 *
 * @param end - where what is durable ends in it
 */
function rescue({ file, path }: { readonly file: number; readonly path: string }, end: number): string {
  const isReplaced = existsSync(path);
  const what = `${path} was ${isReplaced ? 'replaced' : 'deleted'} while the bridge ran`;
  try {
    copy(file, `${path}.new`, end);
    if (isReplaced) renameSync(path, `${path}.replaced`);
    renameSync(`${path}.new`, path);
    return `${what}; what was in it is there again${isReplaced ? `, and what took its place is ${path}.replaced` : ''}`;
  } catch (error) {
    rmSync(`${path}.new`, { force: true });
    return `${what}, and what was in it could not be saved (${(error as Error).message}): what waited in it is lost`;
  }
}

function copy(from: number, path: string, end: number): void {
  // It was opened for writing alone; its other door is open for reading.
  const source = openSync(`/proc/self/fd/${from}`, 'r');
  const target = openSync(path, 'w', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(bytesAtOnce);
    for (let at = 0; at < end;) {
      const length = readSync(source, buffer, 0, Math.min(bytesAtOnce, end - at), at);
      if (length === 0) break;
      writeSync(target, buffer, 0, length, at);
      at += length;
    }
    fsyncSync(target);
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

/** Closes a file whose last group was refused: it must not be found again, though it may be whole. */
export function endAt(file: number, length: number): void {
  try {
    ftruncateSync(file, length);
  } finally {
    closeSync(file);
  }
}
