// Compares a listing with the directory: nodes that are new, removed, renamed or moved.

import type { Node } from './node.ts';

/** Numbers of nodes. */
export interface DirectoryChanges {
  readonly added: number;
  /** Nodes missing for the first time. */
  readonly removed: number;
  readonly renamed: number;
  readonly movedAsn: number;
  readonly movedIsp: number;
  /** Nodes in the listing. */
  readonly total: number;
}

/** The changes of several refreshes. */
export type ChangesSum = Omit<DirectoryChanges, 'total'>;

export const noChanges: ChangesSum = { added: 0, removed: 0, renamed: 0, movedAsn: 0, movedIsp: 0 };

export function withChanges(sum: ChangesSum, more: DirectoryChanges): ChangesSum {
  return {
    added: sum.added + more.added,
    removed: sum.removed + more.removed,
    renamed: sum.renamed + more.renamed,
    movedAsn: sum.movedAsn + more.movedAsn,
    movedIsp: sum.movedIsp + more.movedIsp,
  };
}

/** The time for which the directory keeps a node that is missing from the listing. */
export const retirementMs = 7 * 86_400_000;

/** The listed nodes, followed by nodes that went missing within the last seven days, marked as retired. */
export function withRetired(listed: readonly Node[], before: readonly Node[], nowMs: number): Node[] {
  const ids = new Set(listed.map((node) => node.id));
  const retired = before
    .filter((node) => !ids.has(node.id))
    .map((node) => ({ ...node, active: false, retiredAtMs: node.retiredAtMs ?? nowMs }))
    .filter((node) => nowMs - node.retiredAtMs < retirementMs);
  return [...listed, ...retired];
}

/** Retired nodes count as absent. */
export function directoryChanges(before: readonly Node[], after: readonly Node[]): DirectoryChanges {
  const [old, now] = [presentNodes(before), presentNodes(after)];
  const count = (test: (node: Node) => boolean): number => [...now.values()].filter(test).length;
  const moved = (field: 'name' | 'asn' | 'isp'): number =>
    count((node) => old.has(node.id) && old.get(node.id)?.[field] !== node[field]);
  return {
    added: count((node) => !old.has(node.id)),
    removed: [...old.keys()].filter((id) => !now.has(id)).length,
    renamed: moved('name'),
    movedAsn: moved('asn'),
    movedIsp: moved('isp'),
    total: now.size,
  };
}

/** By id, in the order of the ids. */
export function presentNodes(nodes: readonly Node[]): ReadonlyMap<number, Node> {
  const present = nodes.filter(({ retiredAtMs }) => retiredAtMs === undefined).toSorted((a, b) => a.id - b.id);
  return new Map(present.map((node) => [node.id, node]));
}
