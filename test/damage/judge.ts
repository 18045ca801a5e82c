// Judges what a damaged store still gives: nothing wrong, nothing missing but what was damaged, and nothing missing untold.

import type { Lost } from '../../src/spool/lost.ts';
import { readMeta, type Meta } from '../../src/spool/lmdb-file/meta.ts';
import { overflowOf, pageOf } from '../../src/spool/lmdb-file/page.ts';
import { openPageFile } from '../../src/spool/lmdb-file/page-file.ts';
import { isFinished, type Position } from '../../src/spool/position.ts';
import { salvage } from '../../src/spool/salvage.ts';
import { itemOf, type SalvagedItem } from '../../src/spool/salvaged-item.ts';

export interface Salvaged {
  /** What each thing is, by what it is called. */
  readonly things: ReadonlyMap<string, string>;
  readonly lost: Lost;
}

const nameOf = (item: SalvagedItem): string => {
  if (item.kind === 'run') return `run ${item.key}`;
  if (item.kind === 'letter') return `letter ${item.id}`;
  if (item.kind === 'position') return `position ${item.sink}`;
  if (item.kind === 'count') return `count ${item.name}`;
  return `${item.kind} ${item.kind === 'retry' ? item.sink : item.kind === 'parked' ? item.waitsFor : ''} ${item.sequence}`;
};

export function salvaged(directory: string): Salvaged {
  const items = salvage(directory);
  const things = new Map<string, string>();
  for (;;) {
    const { done, value } = items.next();
    if (done === true) return { things, lost: value };
    things.set(nameOf(value), JSON.stringify(value));
  }
}

/** The pages of a sound store on which each thing stands; a large record stands on several. */
export function pagesOfThings(path: string): Map<string, number[]> {
  const file = openPageFile(path);
  const { meta } = readMeta(file) as { meta: Meta };
  const pages = new Map<string, number[]>();
  for (let number = 2; number < file.pages; number += 1) {
    const page = pageOf(file.read(number) as Buffer, number, meta.transaction);
    if (typeof page === 'string' || !('leaf' in page)) continue;
    for (const node of page.leaf) {
      const at = node.isOverflow ? overflowOf(node) : { page: number, count: 0 };
      const value = node.isOverflow ? file.read(at.page, at.count)?.subarray(24, 24 + node.valueBytes) : node.data;
      const item = value && itemOf(node.key, value);
      if (item !== undefined) pages.set(nameOf(item), [...(pages.get(nameOf(item)) ?? []), number, ...Array.from({ length: at.count }, (_, index) => at.page + index)]);
    }
  }
  file.close();
  return pages;
}

function isFinishedRecord(truth: Salvaged, name: string): boolean {
  const { position } = JSON.parse(truth.things.get('position tsdb') as string) as { readonly position: Position };
  return name.startsWith('record ') && isFinished(position, Number(name.split(' ').at(-1)));
}

export interface Judgement {
  /** Things that come out and never went in, or not so. */
  readonly wrong: string[];
  /** Things that are missing though their page was not touched. */
  readonly missedOut: string[];
  /** Unfinished records that are missing, and how many were said to be. */
  readonly missingRecords: number;
  readonly toldRecords: number;
  /** Whether it was said that not all that is lost could be counted. */
  readonly isUncounted: boolean;
  readonly found: number;
}

/** Run keys may be forgotten, and a position stand where it once stood: what they are for is not lost by that. */
export function judge(truth: Salvaged, after: Salvaged, pages: ReadonlyMap<string, readonly number[]>, touches: (page: number) => boolean): Judgement {
  const isJudged = (name: string): boolean => !name.startsWith('run ') && !name.startsWith('position ');
  const wrong = [...after.things].filter(([name, thing]) => isJudged(name) && truth.things.has(name) && truth.things.get(name) !== thing);
  const missing = [...truth.things.keys()].filter((name) => isJudged(name) && !isFinishedRecord(truth, name) && !after.things.has(name));
  const missedOut = missing.filter((name) => !(pages.get(name) ?? []).some(touches));
  const missingRecords = missing.filter((name) => name.startsWith('record ')).length;
  const found = [...after.things.keys()].filter((name) => name.startsWith('record ') && truth.things.has(name)).length;
  return { wrong: wrong.map(([name]) => name), missedOut, missingRecords, toldRecords: after.lost.records, isUncounted: after.lost.uncounted > 0, found };
}
