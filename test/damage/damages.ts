// Damage to a store's file: pages zeroed or exchanged, single bits at every kind of place, and the file cut short.

import { databasesOf } from '../../src/spool/lmdb-file/databases.ts';
import { freePagesOf } from '../../src/spool/lmdb-file/free-pages.ts';
import { readMeta, type Meta } from '../../src/spool/lmdb-file/meta.ts';
import { openPageFile } from '../../src/spool/lmdb-file/page-file.ts';
import { entriesOf, walking } from '../../src/spool/lmdb-file/walk.ts';

export interface Damage {
  /** Such as `bit in a leaf's bounds`. */
  readonly kind: string;
  /** Such as `records leaf, page 112, bit 165`. */
  readonly where: string;
  /** The pages that it touches. */
  readonly touches: (page: number) => boolean;
  readonly apply: (file: Buffer) => Buffer;
}

/** What each page of a store's file is used for, such as `records leaf`. */
export function usesOfPages(path: string): { readonly uses: readonly string[]; readonly pageBytes: number } {
  const file = openPageFile(path);
  const { meta } = readMeta(file) as { meta: Meta };
  const uses: string[] = Array.from({ length: file.pages }, (_, page) => (page < 2 ? 'meta' : 'unused'));
  const walk = walking(file, meta, () => {});
  const note = (name: string): void => {
    for (let page = 2; page < file.pages; page += 1) {
      if (walk.reached[page] === 1 && uses[page] === 'unused') uses[page] = `${name} ${shapes[file.read(page)?.readUInt16LE(18) ?? 0] ?? 'large value'}`;
    }
  };
  const trees = databasesOf(walk);
  note('databases');
  for (const [name, tree] of trees) {
    for (const _ of entriesOf(walk, tree, name));
    note(name.startsWith('runs') ? 'runs' : name);
  }
  const free = freePagesOf(walk);
  note('free pages');
  for (const page of free) uses[page] = 'free';
  const { pageBytes } = file;
  file.close();
  return { uses, pageBytes };
}

const shapes: Readonly<Record<number, string>> = { 1: 'branch', 2: 'leaf', 4: 'large value' };

/** Byte offsets in a page, by what stands there. */
function placesIn(bytes: Buffer, use: string): readonly (readonly [what: string, at: number])[] {
  if (use === 'meta') {
    return [['magic', 24], ['version', 28], ['map size', 44], ['page size', 49], ['root of the free pages', 88], ['root of the databases', 136], ['last page', 144], ['transaction', 152]];
  }
  const header = [['number', 0], ['transaction', 13], ['flags', 18], ['lower bound', 20], ['upper bound', 23]] as const;
  if (!/ (leaf|branch)$/.test(use)) return [...header, ['content', 24 + 100], ['content', 4000]];
  const count = bytes.readUInt16LE(20) / 2;
  const node = 24 + bytes.readUInt16LE(24 + 2 * Math.floor(count / 2));
  const keyBytes = bytes.readUInt16LE(node + 6);
  return [
    ...header,
    ['first offset', 24],
    ['middle offset', 25 + 2 * Math.floor(count / 2)],
    ['node size', node],
    ['node size, high', node + 2],
    ['node flags', node + 4],
    ['key size', node + 6],
    ['key', node + 8 + Math.max(0, keyBytes - 1)],
    ['value', node + 8 + keyBytes + 6],
  ];
}

/** Every kind of damage at up to `pagesAUse` pages of each use, and cuts. */
export function damages(file: Buffer, uses: readonly string[], pageBytes: number, pagesAUse: number): Damage[] {
  const chosen = [...new Set(uses)].flatMap((use) => spread(uses.flatMap((each, page) => (each === use ? [page] : [])), pagesAUse));
  return [...chosen.flatMap((page) => ofPage(file, uses, pageBytes, page)), ...cuts(file, uses.length, pageBytes)];
}

function ofPage(file: Buffer, uses: readonly string[], pageBytes: number, page: number): Damage[] {
  const start = page * pageBytes;
  const use = uses[page] as string;
  const bytes = file.subarray(start, start + pageBytes);
  const touches = (other: number): boolean => other === page;
  const other = uses.findIndex((each, index) => each === use && index !== page);
  const whole: [string, (copy: Buffer) => unknown][] = [
    ['zeroed', (copy) => copy.fill(0, start, start + pageBytes)],
    ['filled with ones', (copy) => copy.fill(255, start, start + pageBytes)],
    ['second half zeroed', (copy) => copy.fill(0, start + pageBytes / 2, start + pageBytes)],
    ...(other < 0 ? [] : [['replaced by another', (copy: Buffer) => file.copy(copy, start, other * pageBytes, (other + 1) * pageBytes)] as [string, (copy: Buffer) => unknown]]),
  ];
  const bits = placesIn(bytes, use).flatMap(([what, at]) =>
    [0, 5].map((bit): [string, (copy: Buffer) => unknown] => [
      `a bit of its ${what} flipped`,
      (copy) => (copy[start + at] = (copy[start + at] as number) ^ (1 << bit)),
    ]),
  );
  return [...whole, ...bits].map(([words, change]) => ({
    kind: `${use}: ${words}`,
    where: `page ${page}`,
    touches,
    apply(original) {
      const copy = Buffer.from(original);
      change(copy);
      return copy;
    },
  }));
}

function cuts(file: Buffer, pages: number, pageBytes: number): Damage[] {
  const lengths = [0.999, 0.9, 0.5, 0.1, 0].flatMap((share) => [Math.floor(pages * share) * pageBytes, Math.floor(pages * share) * pageBytes + 1000]);
  return [...lengths, pageBytes, 2 * pageBytes].filter((length) => length < file.length).map((length) => ({
    kind: 'file: cut short',
    where: `after ${length} bytes`,
    touches: (page) => (page + 1) * pageBytes > length,
    apply: (original) => Buffer.from(original.subarray(0, length)),
  }));
}

function spread(pages: readonly number[], most: number): number[] {
  if (pages.length <= most) return [...pages];
  return Array.from({ length: most }, (_, index) => pages[Math.floor((index * (pages.length - 1)) / Math.max(1, most - 1))] as number);
}
