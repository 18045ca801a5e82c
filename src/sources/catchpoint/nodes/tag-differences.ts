// Compares the tag values of two listings of nodes, by node and dimension.

import { type Dimension, dimensions, type OverrideOf, tagValuesOf } from '../slices.ts';
import { presentNodes } from './changes.ts';
import type { Node } from './node.ts';

/** A tag value that would change. Undefined means that there is no such slice. */
interface TagDifference {
  readonly id: number;
  /** The node's name in the later listing. */
  readonly name: string | undefined;
  readonly dimension: Dimension;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface TagDifferences {
  readonly changed: readonly TagDifference[];
  /** Ids of nodes in the later listing only. */
  readonly added: readonly number[];
  /** Ids of nodes in the earlier listing only. */
  readonly gone: readonly number[];
  /** Number of nodes in both listings. */
  readonly inBoth: number;
}

/** The differences are ordered by id. Retired nodes count as absent. */
export function tagDifferences(
  before: readonly Node[],
  after: readonly Node[],
  { slices, overrideOf }: { readonly slices: readonly Dimension[]; readonly overrideOf: OverrideOf },
): TagDifferences {
  const [earlier, later] = [presentNodes(before), presentNodes(after)];
  const changed = [...later.values()].flatMap((node): TagDifference[] => {
    const old = earlier.get(node.id);
    if (old === undefined) return [];
    const override = overrideOf(node.id);
    const oldValues = tagValuesOf(old, override, slices);
    const newValues = tagValuesOf(node, override, slices);
    return dimensions
      .map((dimension) => ({ dimension, before: oldValues[dimension], after: newValues[dimension] }))
      .filter((values) => values.before !== values.after)
      .map((values) => ({ id: node.id, name: node.name, ...values }));
  });
  const added = [...later.keys()].filter((id) => !earlier.has(id));
  const gone = [...earlier.keys()].filter((id) => !later.has(id));
  return { changed, added, gone, inBoth: later.size - added.length };
}
