// Reads a file of nodes that somebody gives instead of an account: our own directory's JSON, an answer of either REST
// API as it was saved, or a plain array of nodes.

import { readFile } from 'node:fs/promises';
import { at, found, member } from '../fields.ts';
import { ispOfName, nodeOfDirectory, nodeOfV1, nodeOfV2 } from './rest/listed-node.ts';
import type { Node } from './node.ts';

export interface NodesRead {
  readonly nodes: readonly Node[];
  /** Entries without a usable id. */
  readonly skipped: number;
}

/** @throws an error that names the file and what is wrong with it */
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
  const read = nodesOf(json);
  if (read === undefined) {
    throw new Error(
      `nodes file ${path}: expected nodes, items, data.nodes or an array of nodes, found ${found(json)} without them`,
    );
  }
  return read;
}

/** The nodes in any of the forms; undefined when it is none of them. */
export function nodesOf(json: unknown): NodesRead | undefined {
  const shapes = [
    [json, nodeOfDirectory],
    [member(json, 'nodes'), nodeOfDirectory],
    [member(json, 'items'), nodeOfV1],
    [at(json, 'data', 'nodes'), nodeOfSavedV2],
  ] as const;
  for (const [entries, read] of shapes) {
    if (Array.isArray(entries)) return eachOnce(entries, read);
  }
  return undefined;
}

function eachOnce(entries: readonly unknown[], read: (entry: unknown) => Node | undefined): NodesRead {
  const nodes = entries.map(read).filter((node) => node !== undefined);
  return { nodes: [...new Map(nodes.map((node) => [node.id, node])).values()], skipped: entries.length - nodes.length };
}

/** Nothing else is there to fill it in. */
function nodeOfSavedV2(entry: unknown): Node | undefined {
  const listed = nodeOfV2(entry);
  if (listed === undefined) return undefined;
  const isp = listed.node.isp ?? ispOfName(listed.node.name) ?? listed.asnName;
  return isp === undefined ? listed.node : { ...listed.node, isp };
}
