// The disk under the store: how much of it is free, and the file that keeps some of it free.

import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What the spool asks of the disk; a test may play one that is full, or one that fails. */
export interface Disk {
  freeBytes(): number;
  /** The whole disk, full or not. */
  sizeBytes(): number;
  /** How large the reserve file is; 0 when there is none. */
  reservedBytes(): number;
  /** Writes the reserve file. Throws when it does not fit, and leaves none then. */
  takeReserve(bytes: number): void;
  giveUpReserve(): void;
}

const chunkBytes = 1 << 20;
/** File systems that keep equal blocks once look at blocks of this size or larger ones. */
const blockBytes = 4096;

/** The disk that a directory is on. */
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

/** With random bytes, and no block twice, so that no file system makes them smaller. It is there to take room and need not be synced. */
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
