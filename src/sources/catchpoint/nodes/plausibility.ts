// Whether a listing may replace the directory: an API that suddenly tells less than before is not believed at once.

import type { Node } from './node.ts';

/** Undefined: it may. Otherwise why not. */
export type Doubt = string | undefined;

export interface Plausibility {
  /**
   * Judges a listing against the nodes known, at `nowMs`.
   *
   * It may not be empty, ever; not hold a fifth or more of unusable entries; and it must still hold 80 % of the active
   * nodes known, unless two further listings, each at least `apartMs` later, agree with each other.
   */
  doubt(
    listing: { readonly nodes: readonly Node[]; readonly skipped: number },
    before: readonly Node[],
    nowMs: number,
  ): Doubt;
}

export const apartMs = 1_200_000;

const leastShare = 0.8;
/** Nodes come and go between two listings that are otherwise the same. */
const agreeingShare = 0.98;

interface Doubted {
  readonly ids: ReadonlySet<number>;
  readonly atMs: number;
}

export function plausibility(): Plausibility {
  /** The implausible listings so far; the first counts as the doubt, the others as its confirmation. */
  let doubted: Doubted[] = [];
  return {
    doubt({ nodes, skipped }, before, nowMs) {
      if (nodes.length === 0) return skipped === 0 ? 'it is empty' : `none of its ${skipped} entries has a usable id`;
      if (skipped > 0 && skipped >= (nodes.length + skipped) * (1 - leastShare)) {
        return `${skipped} of its ${nodes.length + skipped} entries have no usable id`;
      }
      const ids = new Set(nodes.map((node) => node.id));
      const active = before.filter((node) => node.active && node.retiredAtMs === undefined);
      const still = active.filter((node) => ids.has(node.id)).length;
      if (still >= active.length * leastShare) {
        doubted = [];
        return undefined;
      }
      const last = doubted.at(-1);
      if (last === undefined || nowMs - last.atMs >= apartMs || nowMs < last.atMs)
        doubted = [...doubted.slice(-2), { ids, atMs: nowMs }];
      if (confirmed(doubted)) {
        doubted = [];
        return undefined;
      }
      return `of the ${active.length} active nodes known it holds only ${still}`;
    },
  };
}

/** Whether, after the first, two further ones agree with each other. */
function confirmed(doubted: readonly Doubted[]): boolean {
  const [, second, third] = doubted;
  return second !== undefined && third !== undefined && agree(second.ids, third.ids);
}

function agree(some: ReadonlySet<number>, others: ReadonlySet<number>): boolean {
  const both = [...some].filter((id) => others.has(id)).length;
  return both >= Math.max(some.size, others.size) * agreeingShare;
}
