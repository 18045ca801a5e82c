// The nodes file of the benchmark.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const golden = new URL('../../../test/golden/nodes/v1.json', import.meta.url).pathname;
const firstId = 20_000_001;

/**
 * Writes `count` variations of the golden nodes to a file, and returns it with their ids. Each node has every
 * dimension, so that every push has the same number of points, and addresses that include the generator's.
 */
export function writeNodes(
  directory: string,
  count: number,
): { readonly path: string; readonly ids: readonly number[] } {
  const { items } = JSON.parse(readFileSync(golden, 'utf8')) as { readonly items: readonly object[] };
  const whole = items.filter((item) => 'asn' in item);
  const ids = Array.from({ length: count }, (_, index) => firstId + index);
  const path = join(directory, 'nodes.json');
  const node = (id: number, index: number): object => ({
    ...whole[index % whole.length],
    id,
    name: `Node ${id}`,
    ip_ranges: `${addressOf(index)}, 127.0.0.1`,
  });
  writeFileSync(path, JSON.stringify({ items: ids.map(node) }));
  return { path, ids };
}

function addressOf(index: number): string {
  return `10.${index >>> 16}.${(index >>> 8) & 255}.${index & 255}`;
}
