// Which of several Carbons a series belongs to, by the ring of carbon-relay's `consistent-hashing`, so that both agree.

import { createHash } from 'node:crypto';

/** What carbon-relay puts into the ring of a destination `host:port:instance`; the port is not in it. */
export interface RingNode {
  readonly host: string;
  readonly instance: string | undefined;
}

const replicas = 100;

/**
 * The index of the node to which a name belongs: carbon/hashing.py with its usual hash, `carbon_ch`. A position is the first 16 bits
 * of an MD5, a node has 100 of them, made of the text that Python gives to the pair of host and instance; of two equal
 * positions the later one moves on by one.
 */
export function carbonRing(nodes: readonly RingNode[]): (name: string) => number {
  const taken = new Map<number, number>();
  nodes.forEach(({ host, instance }, index) => {
    const key = `('${host}', ${instance === undefined ? 'None' : `'${instance}'`})`;
    for (let replica = 0; replica < replicas; replica += 1) {
      let position = positionOf(`${key}:${replica}`);
      while (taken.has(position)) position += 1;
      taken.set(position, index);
    }
  });
  const positions = [...taken.keys()].toSorted((one, other) => one - other);
  return (name) => {
    const own = positionOf(name);
    const next = positions[firstAtLeast(positions, own)] ?? positions[0];
    return next === undefined ? -1 : (taken.get(next) as number);
  };
}

function positionOf(text: string): number {
  return createHash('md5').update(text).digest().readUInt16BE(0);
}

/** The index of the first position that is not less; the length when there is none. */
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
