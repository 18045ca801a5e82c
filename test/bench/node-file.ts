// The nodes of the benchmark, as many as are asked for, in a file that the bridge reads.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const golden = new URL('../../../test/golden/nodes/v1.json', import.meta.url).pathname;
const firstId = 20_000_001;

/** Where they are in a state directory. */
export function nodesFileIn(directory: string): string {
  return join(directory, 'nodes.json');
}

/** Writes so many nodes, varied from the golden ones, into a directory; their ids, and the file. */
export function writeNodes(directory: string, count: number): { readonly path: string; readonly ids: readonly number[] } {
  const { items } = JSON.parse(readFileSync(golden, 'utf8')) as { readonly items: readonly object[] };
  const ids = Array.from({ length: count }, (_, index) => firstId + index);
  const path = nodesFileIn(directory);
  writeFileSync(path, JSON.stringify({ items: ids.map((id, index) => ({ ...items[index % items.length], id, name: `Node ${id}` })) }));
  return { path, ids };
}
