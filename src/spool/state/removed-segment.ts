// Restores the open segment after its file was deleted or replaced on disk. The open descriptor still has the contents.

import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

const chunkBytes = 1 << 20;

/** The open segment's file was unlinked. */
export class SegmentRemoved extends Error {
  override readonly name = 'SegmentRemoved';
  constructor() {
    super('a segment was deleted or replaced');
  }
}

interface OpenFile {
  readonly file: number;
  readonly path: string;
}

/** The message of a failed spool. If the segment was removed, restores it up to its durable `end` first. */
export function failureMessage(error: unknown, file: OpenFile | undefined, end = 0): string {
  return error instanceof SegmentRemoved && file !== undefined ? restore(file, end) : (error as Error).message;
}

/** Copies the file back to its path. Returns the outcome for the log. */
function restore({ file, path }: OpenFile, end: number): string {
  const isReplaced = existsSync(path);
  const event = `${path} was ${isReplaced ? 'replaced' : 'deleted'} while the bridge ran`;
  try {
    copy(file, `${path}.new`, end);
    if (isReplaced) renameSync(path, `${path}.replaced`);
    renameSync(`${path}.new`, path);
    return `${event}; what was in it is there again${isReplaced ? `, and what took its place is ${path}.replaced` : ''}`;
  } catch (error) {
    rmSync(`${path}.new`, { force: true });
    return `${event}, and what was in it could not be saved (${(error as Error).message}): what waited in it is lost`;
  }
}

function copy(from: number, path: string, end: number): void {
  // The descriptor is write-only: procfs opens the same file for reading.
  const source = openSync(`/proc/self/fd/${from}`, 'r');
  const target = openSync(path, 'w', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let at = 0; at < end;) {
      const length = readSync(source, buffer, 0, Math.min(chunkBytes, end - at), at);
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
