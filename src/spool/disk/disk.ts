// The disk of the spool: its size, its free space, and the reserve file.

import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Tests replace it with a full or failing disk. */
export interface Disk {
  freeBytes(): number;
  sizeBytes(): number;
  /** Size of the reserve file; 0 if there is none. */
  reservedBytes(): number;
  /** Writes the reserve file. Throws if it does not fit, and leaves none then. */
  takeReserve(bytes: number): void;
  giveUpReserve(): void;
}

const chunkBytes = 1 << 20;
/** The smallest block size of deduplicating file systems. */
const blockBytes = 4096;

export function diskOf(directory: string): Disk {
  const reserve = join(directory, 'reserve');
  const remove = (): void => rmSync(reserve, { force: true });
  return {
    freeBytes() {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    },
    sizeBytes() {
      const { blocks, bsize } = statfsSync(directory);
      return blocks * bsize;
    },
    reservedBytes: () => statSync(reserve, { throwIfNoEntry: false })?.size ?? 0,
    takeReserve(bytes) {
      try {
        fill(reserve, bytes);
      } catch (error) {
        remove();
        throw error;
      }
    },
    giveUpReserve: remove,
  };
}

/** Writes distinct blocks of random bytes, which no file system compresses or deduplicates. They need no sync. */
function fill(path: string, bytes: number): void {
  const file = openSync(path, 'w', 0o600);
  try {
    const random = randomFillSync(Buffer.allocUnsafe(Math.min(bytes, chunkBytes)));
    for (let rest = bytes; rest > 0; rest -= chunkBytes) {
      const chunk = random.subarray(0, Math.min(rest, chunkBytes));
      for (let at = 0; at + 8 <= chunk.length; at += blockBytes) chunk.writeDoubleLE(rest - at, at);
      if (writeSync(file, chunk) < chunk.length) throw new Error(`reserve of ${bytes} bytes: does not fit`);
    }
  } finally {
    closeSync(file);
  }
}
