// Walks the trees of lmdb's file: every node that is reached, and in words everything that is wrong on the way.

import type { Meta, Tree } from './meta.ts';
import { type LeafNode, overflowOf, overflowValue, type Page, pageOf } from './page.ts';
import type { PageFile } from './page-file.ts';

export interface Entry {
  readonly key: Buffer;
  /** Undefined when it cannot be read. */
  readonly value: Buffer | undefined;
  readonly isTree: boolean;
}

export interface Walking {
  readonly file: PageFile;
  readonly meta: Meta;
  /** One for each page of the file: whether a walk has come to it. */
  readonly reached: Uint8Array;
  readonly fault: (words: string) => void;
}

/** A walk over a file; `fault` is told what is wrong. */
export function walking(file: PageFile, meta: Meta, fault: (words: string) => void): Walking {
  const reached = new Uint8Array(Math.max(file.pages, 2));
  reached.fill(1, 0, 2);
  return { file, meta, reached, fault };
}

/** The entries of a tree, in order, without those that cannot be reached. */
export function* entriesOf(walk: Walking, tree: Tree, name: string): Generator<Entry> {
  if (tree.root === undefined) return;
  let faults = 0;
  let entries = 0;
  const fault = (words: string): void => {
    faults += 1;
    walk.fault(`${name}: ${words}`);
  };
  const own: Ordered = { ...walk, fault, compare: name === freePages ? compareNumbers : Buffer.compare, before: undefined, bound: undefined };
  for (const { entry, page } of below(own, tree.root, tree.depth)) {
    if (own.before !== undefined && own.compare(own.before, entry.key) >= 0) own.fault(`page ${page}: a key is out of order`);
    if (own.bound !== undefined && own.compare(own.bound, entry.key) > 0) own.fault(`page ${page}: a search for its first key leads elsewhere`);
    own.before = entry.key;
    own.bound = undefined;
    entries += 1;
    yield entry;
  }
  if (faults === 0 && entries !== tree.entries) own.fault(`${entries} entries, ${tree.entries} were counted`);
}

/** A walk through a tree in the order of its keys. */
interface Ordered extends Walking {
  readonly compare: (a: Buffer, b: Buffer) => number;
  /** The last key that was come to. */
  before: Buffer | undefined;
  /** What the branch says that the next key is not less than. */
  bound: Buffer | undefined;
}

/** Keys of the free pages: numbers, the low byte first. */
export function compareNumbers(a: Buffer, b: Buffer): number {
  return Buffer.compare(Buffer.from(a).reverse(), Buffer.from(b).reverse());
}

export const freePages = 'free pages';

function* below(walk: Ordered, number: number, depth: number): Generator<{ readonly entry: Entry; readonly page: number }> {
  const page = reach(walk, number);
  if (page === undefined) return;
  if ('leaf' in page) {
    if (depth !== 1) walk.fault(`page ${number}: is a leaf ${depth - 1} above where leaves are`);
    for (const node of page.leaf) yield { entry: entryOf(walk, node, number), page: number };
  } else if (depth <= 1) {
    walk.fault(`page ${number}: is no leaf`);
  } else {
    for (const [index, child] of page.branch.entries()) {
      if (index > 0) boundBy(walk, child.key, number);
      yield* below(walk, child.page, depth - 1);
    }
  }
}

/** Every key left of a branch's key is less, and none right of it: lmdb finds its way by that. The first one is not looked at. */
function boundBy(walk: Ordered, key: Buffer, page: number): void {
  if (walk.before !== undefined && walk.compare(walk.before, key) >= 0) walk.fault(`page ${page}: a search for the last key before ${key.toString('hex')} leads elsewhere`);
  walk.bound = key;
}

function reach({ file, meta, reached, fault }: Walking, number: number): Page | undefined {
  const bytes = file.read(number);
  if (bytes === undefined) return void fault(`page ${number}: cannot be read`);
  const page = pageOf(bytes, number, meta.transaction);
  if (typeof page === 'string') return void fault(`page ${number}: ${page}`);
  if (reached[number] === 1) return void fault(`page ${number}: is reached twice`);
  reached[number] = 1;
  return page;
}

function entryOf({ file, reached, fault }: Walking, node: LeafNode, page: number): Entry {
  const { key, data, isTree } = node;
  if (!node.isOverflow) return { key, value: data, isTree };
  const at = overflowOf(node);
  const value = valueAt(file, node);
  if (value === undefined) {
    fault(`page ${page}: a large value at page ${at.page} cannot be read`);
  } else if (reached.subarray(at.page, at.page + at.count).includes(1)) {
    fault(`page ${at.page}: is reached twice`);
  } else {
    reached.fill(1, at.page, at.page + at.count);
  }
  return { key, value, isTree };
}

/** A node's value, wherever it is; undefined when it cannot be read. */
export function valueAt(file: PageFile, node: LeafNode): Buffer | undefined {
  if (!node.isOverflow) return node.data;
  const { page, count } = overflowOf(node);
  const isPlausible = count >= 1 && (count - 1) * file.pageBytes < node.valueBytes + file.pageBytes;
  const bytes = isPlausible ? file.read(page, count) : undefined;
  return bytes && overflowValue(bytes, page, node);
}
