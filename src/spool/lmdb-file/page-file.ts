// Reads the pages of lmdb's file without lmdb, so that nothing that a damaged page says can end the process.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface PageFile {
  readonly pageBytes: number;
  /** How many pages are there in full. */
  readonly pages: number;
  /** Some pages in a row; undefined where they are not all in the file, or the disk does not give them. */
  read(page: number, count?: number): Buffer | undefined;
  close(): void;
}

/** @throws when the file is not there */
export function openPageFile(path: string): PageFile {
  const file = openSync(path, 'r');
  const pageBytes = pageBytesOf(file);
  const pages = Math.floor(fstatSync(file).size / pageBytes);
  return {
    pageBytes,
    pages,
    read(page, count = 1) {
      if (!Number.isSafeInteger(page) || page < 0 || count < 1 || page + count > pages) return undefined;
      const bytes = Buffer.allocUnsafe(count * pageBytes);
      try {
        return readSync(file, bytes, 0, bytes.length, page * pageBytes) === bytes.length ? bytes : undefined;
      } catch {
        return undefined;
      }
    },
    close: () => closeSync(file),
  };
}

/** Where a meta page says its magic number and the size of pages; it begins with a header of 24 bytes. */
const magicAt = 24;
const pageBytesAt = 48;
const magic = 0xbeefc0de;
const sizes = [4096, 8192, 16384, 32768, 65536];

/** lmdb takes the machine's; the first meta page tells, or the second, which begins with the second page. */
function pageBytesOf(file: number): number {
  const head = Buffer.alloc(pageBytesAt + 4);
  for (const [start, expected] of [[0, sizes] as const, ...sizes.map((size) => [size, [size]] as const)]) {
    readSync(file, head, 0, head.length, start);
    const found = head.readUInt32LE(pageBytesAt);
    if (head.readUInt32LE(magicAt) === magic && expected.includes(found)) return found;
  }
  return sizes[0] as number;
}
