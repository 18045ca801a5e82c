// Remembers the runs of the last two hours, so that Catchpoint's nine retries of a push count once: 96 bits of each in open-addressing
// tables of typed arrays, with the quarter of an hour in which it came.

import type { StoredRunKey } from './log/format.ts';

export type Known = 'new' | 'duplicate' | 'conflict';

export interface RunTable {
  /** `duplicate`: known with these contents. `conflict`: known with others alone. */
  look(run: StoredRunKey): Known;
  /** Remembers a run as one of this generation; of a conflict both contents stand as long as the younger. */
  add(run: StoredRunKey, generation: number): void;
  remove(run: StoredRunKey): void;
  /** Forgets every generation before this one; what it takes is given free as the tables are used. */
  forgetBefore(generation: number): void;
  /** The oldest generation that is remembered. */
  oldest(): number;
  /** Whether the room of all that is forgotten is free. */
  isSwept(): boolean;
  count(): number;
  bytes(): number;
}

/** So many tables that none takes long to grow. */
const shardCount = 256;
const bytesASlot = 16;

/** @param oldest - the oldest generation that is remembered at first */
export function runTable(oldest: number): RunTable {
  const bound = { oldest };
  const shards = Array.from({ length: shardCount }, () => shard(bound));
  const of = ({ hi }: StoredRunKey): Shard => shards[hi >>> 24] as Shard;
  return {
    look: (run) => of(run).look(run),
    add: (run, generation) => of(run).add(run, generation),
    remove: (run) => of(run).remove(run),
    forgetBefore: (generation) => void (bound.oldest = Math.max(bound.oldest, generation)),
    oldest: () => bound.oldest,
    isSwept: () => shards.every((each) => each.isSwept()),
    count: () => shards.reduce((sum, each) => sum + each.count(), 0),
    bytes: () => shards.reduce((sum, each) => sum + each.bytes(), 0),
  };
}

interface Shard {
  look(run: StoredRunKey): Known;
  add(run: StoredRunKey, generation: number): void;
  remove(run: StoredRunKey): void;
  isSwept(): boolean;
  count(): number;
  bytes(): number;
}

const leastSlots = 16;

/** Slots in a row until an empty one; `hi` is 0 in an empty one. */
function shard(bound: { readonly oldest: number }): Shard {
  let lo = new Uint32Array(leastSlots);
  let hi = new Uint32Array(leastSlots);
  let digests = new Uint32Array(leastSlots);
  let generations = new Uint32Array(leastSlots);
  let used = 0;
  let sweptFor = bound.oldest;

  /** Another table with what is still remembered, and room for half as much again. */
  function rebuild(): void {
    const former = { lo, hi, digests, generations };
    const kept = generations.reduce((sum, generation, at) => sum + Number(former.hi[at] !== 0 && generation >= bound.oldest), 0);
    let slots = leastSlots;
    while (slots * 2 < kept * 3 + 3) slots *= 2;
    [lo, hi, digests, generations] = [new Uint32Array(slots), new Uint32Array(slots), new Uint32Array(slots), new Uint32Array(slots)];
    used = 0;
    sweptFor = bound.oldest;
    for (let at = 0; at < former.hi.length; at += 1) {
      const generation = former.generations[at] as number;
      if (former.hi[at] !== 0 && generation >= bound.oldest) {
        put({ lo: former.lo[at] as number, hi: former.hi[at] as number, digest: former.digests[at] as number }, generation);
      }
    }
  }

  function put(run: StoredRunKey, generation: number): void {
    const mask = hi.length - 1;
    let at = run.lo & mask;
    while (hi[at] !== 0) at = (at + 1) & mask;
    [lo[at], hi[at], digests[at], generations[at]] = [run.lo, run.hi, run.digest, generation];
    used += 1;
  }

  /** Calls `visit` with each slot of the run's key until it returns true. */
  function visit(run: StoredRunKey, seen: (at: number) => boolean): void {
    const mask = hi.length - 1;
    for (let at = run.lo & mask; hi[at] !== 0; at = (at + 1) & mask) {
      if (hi[at] === run.hi && lo[at] === run.lo && seen(at)) return;
    }
  }

  return {
    look(run) {
      if (sweptFor !== bound.oldest) rebuild();
      let known: Known = 'new';
      const mask = hi.length - 1;
      for (let at = run.lo & mask; hi[at] !== 0; at = (at + 1) & mask) {
        if (hi[at] !== run.hi || lo[at] !== run.lo) continue;
        if (digests[at] === run.digest) return 'duplicate';
        known = 'conflict';
      }
      return known;
    },
    add(run, generation) {
      if (sweptFor !== bound.oldest || (used + 1) * 4 > hi.length * 3) rebuild();
      let isThere = false;
      visit(run, (at) => {
        generations[at] = Math.max(generations[at] as number, generation);
        isThere ||= digests[at] === run.digest;
        return false;
      });
      if (!isThere) put(run, generation);
    },
    remove(run) {
      visit(run, (at) => {
        if (digests[at] !== run.digest) return false;
        // Behind a hole nothing would be found: it stays as one that is forgotten, and goes with the next rebuild.
        generations[at] = 0;
        digests[at] = ~run.digest >>> 0;
        lo[at] = ~run.lo >>> 0;
        return true;
      });
    },
    isSwept: () => sweptFor === bound.oldest,
    count: () => used,
    bytes: () => hi.length * bytesASlot,
  };
}
