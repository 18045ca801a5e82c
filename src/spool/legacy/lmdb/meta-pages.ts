// Checks the two meta pages of lmdb's file, written by alternate transactions. If one is damaged, lmdb uses the other
// without an error, and the last transaction may be missing. The layout is MDB_meta of LMDB 1.0,
// data version 2.

import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

const headerBytes = 24;
const metaBytes = 160;
const magic = 0xbeefc0de;
const magicAt = headerBytes;
const pageBytesAt = headerBytes + 24;
const transactionAt = headerBytes + 128;
const defaultPageBytes = 4096;

/** Returns the fault in words, or undefined. */
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
    const pages = [first, read(first.readUInt32LE(magicAt) === magic && pageBytes > 0 ? pageBytes : defaultPageBytes)];
    const transactions = pages.map((bytes) => Number(bytes.readBigUInt64LE(transactionAt)));
    const damaged = pages.findIndex((bytes, page) => {
      const transaction = transactions[page] ?? 0;
      return bytes.readUInt32LE(magicAt) !== magic || (transaction > 0 && transaction % 2 !== page);
    });
    if (damaged >= 0) return `meta page ${damaged} is damaged: what was written last may be missing`;
    const [even = 0, odd = 0] = transactions;
    return Math.abs(even - odd) > 1
      ? `meta pages: of transactions ${even} and ${odd}, which do not follow each other: what was written last may be missing`
      : undefined;
  } finally {
    closeSync(file);
  }
}
