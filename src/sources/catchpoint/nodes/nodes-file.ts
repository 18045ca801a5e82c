// Reads a nodes file, used instead of an account: the bridge's own directory, a saved answer of either REST API, or a
// plain array of nodes.

import { readFile } from 'node:fs/promises';
import { describeValue, member, memberAt } from '../fields.ts';
import { nodeOfDirectory, nodeOfV1, nodeOfV2, withDerivedIsp } from './rest/listed-node.ts';
import type { Node } from './node.ts';

export interface NodesRead {
  readonly nodes: readonly Node[];
  /** Entries without a usable id. */
  readonly skipped: number;
}

/** @throws an error that names the file and its fault */
export async function readNodesFile(path: string): Promise<NodesRead> {
  let text: string;
  try {
    text = (await readFile(path)).toString();
  } catch (error) {
    throw new Error(`nodes file ${path}: cannot be read (${(error as Error).message})`, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`nodes file ${path}: not JSON (${(error as Error).message})`, { cause: error });
  }
  const read = parseNodes(json);
  if (read === undefined) {
    throw new Error(
      `nodes file ${path}: expected nodes, items, data.nodes or an array of nodes, found ${describeValue(json)} without them`,
    );
  }
  return read;
}

/** Undefined when the JSON has none of the known shapes. The last entry of each id counts. */
export function parseNodes(json: unknown): NodesRead | undefined {
  const shapes = [
    [json, nodeOfDirectory],
    [member(json, 'nodes'), nodeOfDirectory],
    [member(json, 'items'), nodeOfV1],
    [memberAt(json, 'data', 'nodes'), nodeOfSavedV2],
  ] as const;
  for (const [entries, nodeOf] of shapes) {
    if (!Array.isArray(entries)) continue;
    const nodes = entries.map(nodeOf).filter((node) => node !== undefined);
    const byId = new Map(nodes.map((node) => [node.id, node]));
    return { nodes: [...byId.values()], skipped: entries.length - nodes.length };
  }
  return undefined;
}

function nodeOfSavedV2(entry: unknown): Node | undefined {
  const listed = nodeOfV2(entry);
  return listed && withDerivedIsp(listed);
}
