// What a listing changes in the directory: nodes that are new, gone, renamed or moved.

import type { Node } from './node.ts';

/** Numbers of nodes. */
export interface DirectoryChanges {
  readonly added: number;
  /** Missing for the first time: retired. */
  readonly removed: number;
  readonly renamed: number;
  readonly movedAsn: number;
  readonly movedIsp: number;
  /** In the listing. */
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

/** For so long a node that vanished from the listing stays findable. */
export const retirementMs = 7 * 86_400_000;

/** The listed nodes, and after them those that vanished within the last seven days, marked retired. */
export function withRetired(listed: readonly Node[], before: readonly Node[], nowMs: number): Node[] {
  const ids = new Set(listed.map((node) => node.id));
  const retired = before
    .filter((node) => !ids.has(node.id))
    .map((node) => ({ ...node, active: false, retiredAtMs: node.retiredAtMs ?? nowMs }))
    .filter((node) => nowMs - node.retiredAtMs < retirementMs);
  return [...listed, ...retired];
}

/** Compares two directories; retired nodes count as absent. */
export function directoryChanges(before: readonly Node[], after: readonly Node[]): DirectoryChanges {
  const present = (nodes: readonly Node[]): Node[] => nodes.filter((node) => node.retiredAtMs === undefined);
  const old = new Map(present(before).map((node) => [node.id, node]));
  const now = present(after);
  const ids = new Set(now.map((node) => node.id));
  const moved = (field: 'name' | 'asn' | 'isp'): number =>
    now.filter((node) => old.has(node.id) && old.get(node.id)?.[field] !== node[field]).length;
  return {
    added: now.filter((node) => !old.has(node.id)).length,
    removed: [...old.keys()].filter((id) => !ids.has(id)).length,
    renamed: moved('name'),
    movedAsn: moved('asn'),
    movedIsp: moved('isp'),
    total: now.length,
  };
}
