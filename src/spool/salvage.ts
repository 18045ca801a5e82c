// Salvages a damaged store: everything that the trees of its file still lead to, then what no tree leads to any more but
// stands in some page. Records are never changed once written, so an old copy of one is as good as the one that is lost.

import { join } from 'node:path';
import { databasesOf } from './lmdb-file/databases.ts';
import { freePagesOf } from './lmdb-file/free-pages.ts';
import { readMeta, type Tree } from './lmdb-file/meta.ts';
import { nodesIn, transactionOf } from './lmdb-file/page.ts';
import { openPageFile, type PageFile } from './lmdb-file/page-file.ts';
import { entriesOf, valueAt, type Walking, walking } from './lmdb-file/walk.ts';
import { type LossTally, lossTally } from './loss-tally.ts';
import type { Lost } from './lost.ts';
import { countedLostOf, countOf, itemOf, runOf, type SalvagedItem } from './salvaged-item.ts';

/** The salvage of one store. */
interface Salvage {
  readonly file: PageFile;
  /** The last transaction whose meta page can be read, where that of a later one may have been lost. */
  readonly rolledBackTo: number | undefined;
  readonly walk: Walking | undefined;
  readonly trees: ReadonlyMap<string, Tree>;
  readonly tally: LossTally;
  /** The databases that were not read whole. */
  readonly holed: Set<string>;
}

const inOrder = ['retries', 'parked', 'dead-letters', 'records'] as const;

/**
 * What can be read of the store in a directory, in an order that is always the same, and at the end what is lost. First
 * come the positions of the sinks, which the rest is judged by, and what the store itself had counted as lost.
 */
export function* salvage(directory: string): Generator<SalvagedItem, Lost> {
  const file = openPageFile(join(directory, 'data.mdb'));
  try {
    const begun = begin(file);
    for (const position of positions(begun)) {
      begun.tally.position(position);
      yield position;
    }
    yield* counts(begun);
    yield* reachable(begun);
    if (begun.holed.size > 0 || begun.tally.hasGaps()) yield* strayed(begun);
    return begun.tally.lost();
  } finally {
    file.close();
  }
}

function begin(file: PageFile): Salvage {
  const { meta, faults } = readMeta(file);
  const tally = lossTally();
  const rolledBackTo = faults.some((words) => words.startsWith('meta page')) ? (meta?.transaction ?? 0) : undefined;
  const holed = new Set<string>(rolledBackTo === undefined ? [] : ['positions', ...inOrder]);
  if (meta === undefined) return { file, rolledBackTo, walk: undefined, trees: new Map(), tally, holed };
  const walk = walking(file, meta, (words) => void holed.add(words.slice(0, words.indexOf(':'))));
  const trees = databasesOf(walk);
  for (const name of ['positions', ...inOrder]) if (!trees.has(name)) holed.add(name);
  return { file, rolledBackTo, walk, trees, tally, holed };
}

function* counts({ walk, trees, tally }: Salvage): Generator<SalvagedItem> {
  const tree = trees.get('meta');
  if (walk === undefined || tree === undefined) return;
  for (const { key, value } of entriesOf(walk, tree, 'meta')) {
    const item = value && countOf(key, value);
    if (item !== undefined) yield item;
    const countedLost = value && countedLostOf(key, value);
    if (countedLost !== undefined) tally.countedLost(countedLost.sequence, countedLost.points);
  }
}

function* reachable({ rolledBackTo, walk, trees, tally, holed }: Salvage): Generator<SalvagedItem> {
  for (const [name, tree] of trees) {
    if (walk === undefined || !name.startsWith('runs-')) continue;
    for (const { key, value } of entriesOf(walk, tree, name)) {
      const run = value && runOf(key, value);
      if (run !== undefined) yield run;
    }
  }
  const misnamed = [...trees.keys()].filter((name) => !/^(meta|malformed|positions|runs-.|retries|parked|dead-letters|records)$/.test(name));
  for (const name of [...inOrder, ...misnamed]) {
    const tree = trees.get(name);
    if (walk === undefined || tree === undefined) continue;
    if (rolledBackTo === undefined) tally.counted(name, tree.entries);
    for (const { key, value } of entriesOf(walk, tree, name)) {
      const item = value && itemOf(key, value);
      if (item === undefined) holed.add(name);
      else if (tally.isNew(item)) yield item;
    }
  }
}

/** A page that is free holds what was true once: good for records, which never change, and for nothing else. */
function* strayed({ file, rolledBackTo, walk, tally, holed }: Salvage): Generator<SalvagedItem> {
  const free = new Set(walk === undefined ? [] : freePagesOf({ ...walk, fault: () => {} }));
  for (const { item, page, transaction } of straysOf(file)) {
    if (item.kind === 'position') continue;
    if (item.kind === 'record' && !free.has(page)) tally.seen(item.sequence);
    const isLater = rolledBackTo !== undefined && transaction > rolledBackTo;
    const isOfHole = holed.has(databaseOf(item)) && !free.has(page);
    const isWanted = item.kind === 'record' ? tally.isMissing(item.sequence) : isOfHole || isLater;
    if (isWanted && tally.isNew(item)) yield item;
  }
}

/** The positions of the sinks; where their tree is damaged, the furthest that any page knows of. */
function positions({ file, walk, trees, holed }: Salvage): readonly Extract<SalvagedItem, { kind: 'position' }>[] {
  const furthest = new Map<string, Extract<SalvagedItem, { kind: 'position' }>>();
  function note(item: SalvagedItem | undefined): void {
    if (item?.kind !== 'position') return;
    if ((furthest.get(item.sink)?.position.points ?? -1) < item.position.points) furthest.set(item.sink, item);
  }
  const tree = trees.get('positions');
  if (walk !== undefined && tree !== undefined) {
    for (const { key, value } of entriesOf(walk, tree, 'positions')) {
      const item = value && itemOf(key, value);
      if (item === undefined) holed.add('positions');
      note(item);
    }
  }
  if (holed.has('positions')) for (const { item } of straysOf(file)) note(item);
  return [...furthest.values()];
}

interface Stray {
  readonly item: SalvagedItem;
  readonly page: number;
  /** In which the page was written. */
  readonly transaction: number;
}

/** Everything of ours that stands in any page, whatever the trees say of it. */
function* straysOf(file: PageFile): Generator<Stray> {
  for (let page = 2; page < file.pages; page += 1) {
    const bytes = file.read(page);
    if (bytes === undefined) continue;
    for (const node of nodesIn(bytes)) {
      const value = valueAt(file, node);
      const item = value && itemOf(node.key, value);
      if (item !== undefined) yield { item, page, transaction: transactionOf(bytes) };
    }
  }
}

function databaseOf({ kind }: SalvagedItem): string {
  return { position: 'positions', record: 'records', retry: 'retries', parked: 'parked', letter: 'dead-letters', run: 'runs', count: 'meta' }[kind];
}

