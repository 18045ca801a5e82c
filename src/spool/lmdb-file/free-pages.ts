// The pages that lmdb will use again: lists of page numbers, a negative number before one that begins a row of so many.

import { entriesOf, freePages, type Walking } from './walk.ts';

/** The free pages, in no order; a list that cannot be is a fault. */
export function freePagesOf(walk: Walking): number[] {
  const pages: number[] = [];
  for (const { value } of entriesOf(walk, walk.meta.free, freePages)) {
    const list = value === undefined ? undefined : listed(value, walk.meta.lastPage);
    if (list === undefined) walk.fault(`${freePages}: a list of pages is impossible`);
    else pages.push(...list);
  }
  return pages;
}

/** A file may end before its last pages where these are free; what is wrong with one that ends earlier, in words. */
export function lengthFault(walk: Walking): string | undefined {
  const { file, meta } = walk;
  if (meta.lastPage < file.pages) return undefined;
  const free = new Set(freePagesOf({ ...walk, reached: new Uint8Array(file.pages), fault: () => {} }));
  for (let page = file.pages; page <= meta.lastPage; page += 1) {
    if (!free.has(page)) return `file: ends after ${file.pages} pages, page ${page} is in use`;
  }
  return undefined;
}

function listed(value: Buffer, lastPage: number): number[] | undefined {
  if (value.length < 8) return undefined;
  const length = Number(value.readBigInt64LE(0));
  if (length < 0 || (length + 1) * 8 > value.length) return undefined;
  const pages: number[] = [];
  let count = 1;
  for (let index = 1; index <= length; index += 1) {
    const number = Number(value.readBigInt64LE(index * 8));
    if (number < 0) {
      count = -number;
    } else if (number > 0) {
      if (number < 2 || number + count - 1 > lastPage) return undefined;
      for (let page = number; page < number + count; page += 1) pages.push(page);
      count = 1;
    }
  }
  return pages;
}
