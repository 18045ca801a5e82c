// What two listings of nodes say otherwise, as far as it would show in the database: by node and dimension, in tag values.

import { type Dimension, dimensions, type OverrideOf, tagValuesOf } from '../slices.ts';
import type { Node } from './node.ts';

/** A tag value that would change. Undefined: there is no slice. */
export interface TagDifference {
  readonly id: number;
  /** The name in the later listing. */
  readonly name: string | undefined;
  readonly dimension: Dimension;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface TagDifferences {
  readonly changed: readonly TagDifference[];
  /** Ids of nodes that only the later listing has. */
  readonly added: readonly number[];
  /** Ids of nodes that only the earlier listing has. */
  readonly gone: readonly number[];
  /** How many nodes both have. */
  readonly inBoth: number;
}

export interface TagDifferencesOptions {
  readonly slices: readonly Dimension[];
  readonly overrideOf: OverrideOf;
}

/** Compares two listings, in the order of the ids; retired nodes count as absent. */
export function tagDifferences(
  before: readonly Node[],
  after: readonly Node[],
  { slices, overrideOf }: TagDifferencesOptions,
): TagDifferences {
  const [earlier, later] = [byId(before), byId(after)];
  const changed = [...later.values()].flatMap((node): TagDifference[] => {
    const old = earlier.get(node.id);
    if (old === undefined) return [];
    const [was, is] = [old, node].map((each) => tagValuesOf(each, overrideOf(each.id), slices)) as [Values, Values];
    return dimensions
      .filter((dimension) => was[dimension] !== is[dimension])
      .map((dimension) => ({ id: node.id, name: node.name, dimension, before: was[dimension], after: is[dimension] }));
  });
  const added = [...later.keys()].filter((id) => !earlier.has(id));
  const gone = [...earlier.keys()].filter((id) => !later.has(id));
  return { changed, added, gone, inBoth: later.size - added.length };
}

type Values = ReturnType<typeof tagValuesOf>;

function byId(nodes: readonly Node[]): ReadonlyMap<number, Node> {
  const present = nodes.filter(({ retiredAtMs }) => retiredAtMs === undefined).toSorted((a, b) => a.id - b.id);
  return new Map(present.map((node) => [node.id, node]));
}
