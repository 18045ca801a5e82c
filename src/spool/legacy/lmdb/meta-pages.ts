// The two pages at the head of lmdb's file, of the last transaction and the one before it. When one of them is damaged, lmdb goes by
// the other without a word, and what the last transaction wrote may be missing. LMDB 1.0's MDB_meta, data version 2.

import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

const headerBytes = 24;
const metaBytes = 160;
const magic = 0xbeefc0de;
const magicAt = headerBytes;
const pageBytesAt = headerBytes + 24;
const transactionAt = headerBytes + 128;
const usualPageBytes = 4096;

/** What is wrong with them, in words; undefined when nothing is. */
export function faultOfMetaPages(directory: string): string | undefined {
  const file = openSync(join(directory, 'data.mdb'), 'r');
  try {
    const read = (at: number): Buffer => {
      const bytes = Buffer.alloc(metaBytes);
      readSync(file, bytes, 0, metaBytes, at);
      return bytes;
    };
    const first = read(0);
    const pageBytes = first.readUInt32LE(pageBytesAt);
    const pages = [first, read(first.readUInt32LE(magicAt) === magic && pageBytes > 0 ? pageBytes : usualPageBytes)];
    const transactions = pages.map((bytes) => Number(bytes.readBigUInt64LE(transactionAt)));
    const wrong = pages.findIndex(
      (bytes, page) =>
        bytes.readUInt32LE(magicAt) !== magic ||
        ((transactions[page] ?? 0) > 0 && (transactions[page] ?? 0) % 2 !== page),
    );
    if (wrong >= 0) return `meta page ${wrong} is damaged: what was written last may be missing`;
    const [even = 0, odd = 0] = transactions;
    return Math.abs(even - odd) > 1
      ? `meta pages: of transactions ${even} and ${odd}, which do not follow each other: what was written last may be missing`
      : undefined;
  } finally {
    closeSync(file);
  }
}
