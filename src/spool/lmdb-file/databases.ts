// The named databases of lmdb's file, and whether its structure is sound: each page is reached once, or free, or neither.

import { type Tree, treeBytes, treeOf } from './meta.ts';
import { freePagesOf } from './free-pages.ts';
import { entriesOf, type Entry, type Walking } from './walk.ts';

/** The trees of the databases by name, as far as they can be reached. */
export function databasesOf(walk: Walking): Map<string, Tree> {
  const trees = new Map<string, Tree>();
  for (const { key, value, isTree } of entriesOf(walk, walk.meta.main, 'databases')) {
    if (isTree && value?.length === treeBytes) trees.set(key.toString('latin1').replace(/\0$/, ''), treeOf(value));
    else walk.fault(`databases: ${JSON.stringify(key.toString('latin1'))} is none`);
  }
  return trees;
}

/** Walks everything there is; the faults are told to the walk, the entries of the databases to `see`. */
export function checkStructure(walk: Walking, see: (database: string, entry: Entry) => void): void {
  for (const [name, tree] of databasesOf(walk)) for (const entry of entriesOf(walk, tree, name)) see(name, entry);
  const free = freePagesOf(walk);
  for (const page of free) {
    if (walk.reached[page] === 1) walk.fault(`page ${page}: is in use and free`);
    walk.reached[page] = 1;
  }
}
