// Routes series to Carbons as carbon-relay's `consistent-hashing` does.

import { createHash } from 'node:crypto';

/** The parts of a destination `host:port:instance` that carbon-relay hashes; the port is not among them. */
interface RingNode {
  readonly host: string;
  readonly instance?: string | undefined;
}

const replicas = 100;

/**
 * Returns a function from a series name to the index of its node. Follows carbon/hashing.py with its default hash
 * `carbon_ch`: a position is the first 16 bits of an MD5, and a node has 100 of them, hashed from Python's text of the
 * pair of host and instance. Of two equal positions the later moves on by one.
 */
export function carbonRing(nodes: readonly RingNode[]): (name: string) => number {
  const nodeAt = new Map<number, number>();
  nodes.forEach(({ host, instance }, index) => {
    const key = `('${host}', ${instance === undefined ? 'None' : `'${instance}'`})`;
    for (let replica = 0; replica < replicas; replica += 1) {
      let position = positionOf(`${key}:${replica}`);
      while (nodeAt.has(position)) position += 1;
      nodeAt.set(position, index);
    }
  });
  const positions = [...nodeAt.keys()].toSorted((one, other) => one - other);
  return (name) => {
    const next = positions[firstAtLeast(positions, positionOf(name))] ?? positions[0];
    return next === undefined ? -1 : (nodeAt.get(next) as number);
  };
}

function positionOf(text: string): number {
  return createHash('md5').update(text).digest().readUInt16BE(0);
}

/** Returns the index of the first position that is not less; the length where all are. */
function firstAtLeast(positions: readonly number[], wanted: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
