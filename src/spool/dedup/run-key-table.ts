// Remembers the runs of the last two hours, so that Catchpoint's nine retries of a push count once: 96 bits of each in open-addressing
// tables of typed arrays, with the quarter of an hour in which it came.

import type { StoredRunKey } from '../log/format.ts';

/** What is known of a run. `duplicate`: it is there with these contents. `conflict`: it is there with others alone. */
export type Known = 'new' | 'duplicate' | 'conflict';

export interface RunKeyTable {
  look(run: StoredRunKey): Known;
  /** Remembers a run as one of this generation; of a conflict both contents stand as long as the younger. */
  add(run: StoredRunKey, generation: number): void;
  /** Forgets a run with these contents; one that is not there is no error. */
  remove(run: StoredRunKey): void;
  /** Forgets every generation before this one; what it takes is given free as the tables are used. */
  forgetBefore(generation: number): void;
  /** The oldest generation that is remembered. */
  oldest(): number;
  /** Whether the room of all that is forgotten is free. */
  isSwept(): boolean;
  /** Runs that are remembered, and those that are forgotten and still take their place. */
  count(): number;
  /** What the tables take in memory. */
  bytes(): number;
}

/** So many tables that none takes long to grow. */
const shardCount = 256;
const bytesASlot = 16;
const leastSlots = 16;

/** Slots in a row until an empty one; `hi` is 0 in an empty one. */
interface Shard {
  lo: Uint32Array;
  hi: Uint32Array;
  digests: Uint32Array;
  generations: Uint32Array;
  /** Slots that are not empty. */
  used: number;
  /** Nothing is in it of a generation before this one. */
  sweptFor: number;
}

interface Table {
  readonly shards: readonly Shard[];
  /** The oldest generation that is remembered. */
  oldest: number;
  /** Of all shards. */
  slots: number;
}

/** @param oldest - the oldest generation that is remembered at first */
export function runKeyTable(oldest: number): RunKeyTable {
  const shards = Array.from({ length: shardCount }, () => emptyShard(leastSlots, oldest));
  const table: Table = { shards, oldest, slots: shardCount * leastSlots };
  return {
    look: (run) => look(swept(table, run), run),
    add: (run, generation) => add(table, swept(table, run), run, generation),
    remove: (run) => remove(shardOf(table, run), run),
    forgetBefore: (generation) => void (table.oldest = Math.max(table.oldest, generation)),
    oldest: () => table.oldest,
    isSwept: () => shards.every(({ sweptFor }) => sweptFor === table.oldest),
    count: () => shards.reduce((sum, { used }) => sum + used, 0),
    bytes: () => table.slots * bytesASlot,
  };
}

function shardOf({ shards }: Table, { hi }: StoredRunKey): Shard {
  return shards[hi >>> 24] as Shard;
}

function emptyShard(slots: number, sweptFor: number): Shard {
  return {
    lo: new Uint32Array(slots),
    hi: new Uint32Array(slots),
    digests: new Uint32Array(slots),
    generations: new Uint32Array(slots),
    used: 0,
    sweptFor,
  };
}

/** The shard of a run without what is forgotten. */
function swept(table: Table, run: StoredRunKey): Shard {
  const shard = shardOf(table, run);
  if (shard.sweptFor !== table.oldest) rebuild(table, shard);
  return shard;
}

/** Gives the shard other slots, with what is still remembered and room for half as much again. */
function rebuild(table: Table, shard: Shard): void {
  const { hi, generations } = shard;
  const { oldest } = table;
  let kept = 0;
  for (let at = 0; at < hi.length; at += 1) if (hi[at] !== 0 && (generations[at] as number) >= oldest) kept += 1;
  let slots = leastSlots;
  while (slots * 2 < kept * 3 + 3) slots *= 2;
  const rebuilt = emptyShard(slots, oldest);
  copyKept(shard, rebuilt, oldest);
  table.slots += slots - hi.length;
  Object.assign(shard, rebuilt, { used: kept });
}

/** From array to array, since what is read from them may be too large for a number that needs no memory. */
function copyKept(from: Shard, to: Shard, oldest: number): void {
  const { lo, hi, digests, generations } = from;
  const { lo: toLo, hi: toHi, digests: toDigests, generations: toGenerations } = to;
  const mask = toHi.length - 1;
  for (let at = 0; at < hi.length; at += 1) {
    if (hi[at] === 0 || (generations[at] as number) < oldest) continue;
    let slot = (lo[at] as number) & mask;
    while (toHi[slot] !== 0) slot = (slot + 1) & mask;
    toLo[slot] = lo[at] as number;
    toHi[slot] = hi[at] as number;
    toDigests[slot] = digests[at] as number;
    toGenerations[slot] = generations[at] as number;
  }
}

function look({ lo, hi, digests }: Shard, run: StoredRunKey): Known {
  let known: Known = 'new';
  const mask = hi.length - 1;
  for (let at = run.lo & mask; hi[at] !== 0; at = (at + 1) & mask) {
    if (hi[at] !== run.hi || lo[at] !== run.lo) continue;
    if (digests[at] === run.digest) return 'duplicate';
    known = 'conflict';
  }
  return known;
}

function add(table: Table, shard: Shard, run: StoredRunKey, generation: number): void {
  if ((shard.used + 1) * 4 > shard.hi.length * 3) rebuild(table, shard);
  const { lo, hi, digests, generations } = shard;
  const mask = hi.length - 1;
  let isThere = false;
  let at = run.lo & mask;
  for (; hi[at] !== 0; at = (at + 1) & mask) {
    if (hi[at] !== run.hi || lo[at] !== run.lo) continue;
    generations[at] = Math.max(generations[at] as number, generation);
    if (digests[at] === run.digest) isThere = true;
  }
  if (isThere) return;
  lo[at] = run.lo;
  hi[at] = run.hi;
  digests[at] = run.digest;
  generations[at] = generation;
  shard.used += 1;
}

/** Behind a hole nothing would be found: the slot stays as one that is forgotten, and goes when the shard is rebuilt. */
function remove({ lo, hi, digests, generations }: Shard, run: StoredRunKey): void {
  const mask = hi.length - 1;
  for (let at = run.lo & mask; hi[at] !== 0; at = (at + 1) & mask) {
    if (hi[at] !== run.hi || lo[at] !== run.lo || digests[at] !== run.digest) continue;
    generations[at] = 0;
    digests[at] = ~run.digest >>> 0;
    lo[at] = ~run.lo >>> 0;
    return;
  }
}
