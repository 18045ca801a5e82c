// Decides whether a listing may replace the directory. A listing with far fewer nodes must be confirmed by later ones.

import type { Node } from './node.ts';

interface Plausibility {
  /**
   * The reason to doubt a listing, or undefined when it may replace the directory. A listing must not be empty, must
   * have fewer than a fifth of unusable entries, and must list 80 % of the active nodes in `before`.
   *
   * A listing of fewer nodes is plausible as the second of two doubted listings in a row that agree with each other,
   * after a first doubted one. Doubted listings count only when they are `minIntervalMs` apart.
   */
  doubt(
    listing: { readonly nodes: readonly Node[]; readonly skipped: number },
    before: readonly Node[],
    nowMs: number,
  ): string | undefined;
}

export const minIntervalMs = 1_200_000;

const minShare = 0.8;
/** Below 1, since some nodes come and go between any two listings. */
const minAgreement = 0.98;

interface DoubtedListing {
  readonly ids: ReadonlySet<number>;
  readonly atMs: number;
}

export function plausibility(): Plausibility {
  /** At most three: the first doubted listing, and the two that may confirm it. */
  let doubted: DoubtedListing[] = [];
  return {
    doubt({ nodes, skipped }, before, nowMs) {
      if (nodes.length === 0) return skipped === 0 ? 'it is empty' : `none of its ${skipped} entries has a usable id`;
      if (skipped > 0 && skipped >= (nodes.length + skipped) * (1 - minShare)) {
        return `${skipped} of its ${nodes.length + skipped} entries have no usable id`;
      }
      const ids = new Set(nodes.map((node) => node.id));
      const active = before.filter((node) => node.active && node.retiredAtMs === undefined);
      const still = active.filter((node) => ids.has(node.id)).length;
      const last = doubted.at(-1);
      if (last === undefined || nowMs - last.atMs >= minIntervalMs || nowMs < last.atMs)
        doubted = [...doubted.slice(-2), { ids, atMs: nowMs }];
      if (still >= active.length * minShare || isConfirmed(doubted)) {
        doubted = [];
        return undefined;
      }
      return `of the ${active.length} active nodes known it holds only ${still}`;
    },
  };
}

function isConfirmed([, second, third]: readonly DoubtedListing[]): boolean {
  if (second === undefined || third === undefined) return false;
  const both = [...second.ids].filter((id) => third.ids.has(id)).length;
  return both >= Math.max(second.ids.size, third.ids.size) * minAgreement;
}
