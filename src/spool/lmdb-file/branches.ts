// Checks how the trees of lmdb's file lead to their leaves, without reading these: the few pages that everything else hangs on.

import type { Tree } from './meta.ts';
import { pageOf } from './page.ts';
import { compareNumbers, freePages, type Walking } from './walk.ts';

/** A look at the branches of a tree. */
interface Look extends Walking {
  readonly compare: (a: Buffer, b: Buffer) => number;
  branchPages: number;
  leafPages: number;
  /** The last key of a branch that was come to. */
  before: Buffer | undefined;
}

/** Says in words what is wrong with the branches of a tree; one that leads to fewer pages than lmdb has counted hides some. */
export function checkBranches(walk: Walking, tree: Tree, name: string): void {
  if (tree.root === undefined) return;
  let faults = 0;
  const fault = (words: string): void => {
    faults += 1;
    walk.fault(`${name}: ${words}`);
  };
  const look: Look = { ...walk, fault, compare: name === freePages ? compareNumbers : Buffer.compare, branchPages: 0, leafPages: 0, before: undefined };
  descend(look, tree.root, tree.depth);
  const { branchPages, leafPages } = look;
  if (faults > 0 || (branchPages === tree.branchPages && leafPages === tree.leafPages)) return;
  fault(`leads to ${branchPages} branches and ${leafPages} leaves, ${tree.branchPages} and ${tree.leafPages} were counted`);
}

function descend(look: Look, number: number, depth: number): void {
  const { file, meta, reached, fault } = look;
  if (number < 2 || number >= file.pages) return fault(`page ${number}: is none of the file's ${file.pages}`);
  if (reached[number] === 1) return fault(`page ${number}: is reached twice`);
  reached[number] = 1;
  if (depth <= 1) {
    look.leafPages += 1;
    return;
  }
  look.branchPages += 1;
  const bytes = file.read(number);
  const page = bytes === undefined ? 'cannot be read' : pageOf(bytes, number, meta.transaction);
  if (typeof page === 'string') return fault(`page ${number}: ${page}`);
  if (!('branch' in page)) return fault(`page ${number}: is a leaf ${depth - 1} above where leaves are`);
  for (const [index, { key, page: child }] of page.branch.entries()) {
    if (index > 0) {
      if (look.before !== undefined && look.compare(look.before, key) >= 0) fault(`page ${number}: a key is out of order`);
      look.before = key;
    }
    descend(look, child, depth - 1);
  }
}
