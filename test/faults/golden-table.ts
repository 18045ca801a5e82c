// The cuts of each golden node and their tags, read from the golden pairs. The expected points of the fault harness are
// made from these, not by the program's own code.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface GoldenNode {
  readonly id: number;
  readonly asn: number | undefined;
  /** In the order of their points; `tags` as on a put line, `nodeid=312 city=Jinan`. */
  readonly cuts: readonly { readonly dimension: string; readonly tags: string }[];
}

const golden = new URL('../../../test/golden/catchpoint/', import.meta.url).pathname;

/** Not in any listing. */
const strangers = new Set([999_999]);

/** Every node whose golden points show all cuts, in the order of their ids. */
export function goldenNodes(): GoldenNode[] {
  const nodes = new Map<number, GoldenNode>();
  for (const file of readdirSync(golden)
    .filter((name) => /^[^.]+\.points$/.test(name))
    .toSorted()) {
    const node = nodeOf(readFileSync(join(golden, file), 'utf8').trim().split('\n'));
    if (!strangers.has(node.id)) nodes.set(node.id, node);
  }
  return [...nodes.values()].toSorted((a, b) => a.id - b.id);
}

/**
 * `put catchpoint.status.by_city.204417 1794994452 1.0 nodeid=312 city=Jinan status=ok` → city, `nodeid=312 city=Jinan`
 */
function nodeOf(lines: readonly string[]): GoldenNode {
  const cuts = lines.flatMap((line) => {
    const [, dimension, tags] = /^put \S+\.status\.by_([a-z]+)\.\d+ \d+ \S+ (.*) status=/.exec(line) ?? [];
    return dimension === undefined || tags === undefined ? [] : [{ dimension, tags }];
  });
  const id = Number(/nodeid=(\d+)/.exec(cuts[0]?.tags ?? '')?.[1]);
  const asn = /asn=(\d+)/.exec(cuts.map(({ tags }) => tags).join(' '))?.[1];
  return { id, asn: asn === undefined ? undefined : Number(asn), cuts };
}
