// A hash table of run keys: 96 bits of each run and its generation, in open-addressing tables of typed arrays.

import type { StoredRunKey } from '../log/format.ts';

/** `duplicate`: known with the same contents. `conflict`: known with other contents only. */
export type RunLookup = 'new' | 'duplicate' | 'conflict';

/** Many shards, so that none takes long to grow. */
const shardCount = 256;
const slotBytes = 16;
const minSlots = 16;
/**
 * Contents that are remembered of a run, the last ones. A sender that gives every event the same id would make the lookups
 * longer with each of them.
 */
const maxContents = 8;

/** Linear probing; `hi` is 0 in an empty slot. */
interface Shard {
  lo: Uint32Array;
  hi: Uint32Array;
  digests: Uint32Array;
  generations: Uint32Array;
  /** Slots that are not empty. */
  used: number;
  /** Slots of earlier generations were removed. */
  sweptBefore: number;
}

export class RunKeyTable {
  private readonly shards: readonly Shard[];
  private oldestGeneration: number;
  private slots = shardCount * minSlots;

  constructor(oldestGeneration: number) {
    this.oldestGeneration = oldestGeneration;
    this.shards = Array.from({ length: shardCount }, () => emptyShard(minSlots, oldestGeneration));
  }

  look(run: StoredRunKey): RunLookup {
    const { lo, hi, digests } = this.sweptShard(run);
    let found: RunLookup = 'new';
    const mask = hi.length - 1;
    for (let at = run.lo & mask; hi[at] !== 0; at = (at + 1) & mask) {
      if (hi[at] !== run.hi || lo[at] !== run.lo) continue;
      if (digests[at] === run.digest) return 'duplicate';
      found = 'conflict';
    }
    return found;
  }

  /** Adds a run. In a conflict, all contents of the run move to this generation if it is newer. */
  add(run: StoredRunKey, generation: number): void {
    const shard = this.sweptShard(run);
    if ((shard.used + 1) * 4 > shard.hi.length * 3) this.rebuild(shard);
    const { lo, hi, digests, generations } = shard;
    const mask = hi.length - 1;
    let isKnown = false;
    let isOlder = false;
    let contents: number[] | undefined;
    let at = run.lo & mask;
    for (; hi[at] !== 0; at = (at + 1) & mask) {
      if (hi[at] !== run.hi || lo[at] !== run.lo) continue;
      (contents ??= []).push(at);
      if ((generations[at] as number) > generation) isOlder = true;
      else generations[at] = generation;
      if (digests[at] === run.digest) isKnown = true;
    }
    if (isKnown) return;
    if (contents !== undefined && contents.length >= maxContents) {
      if (!isOlder) replaceFirst(digests, contents, run.digest);
      return;
    }
    lo[at] = run.lo;
    hi[at] = run.hi;
    digests[at] = run.digest;
    generations[at] = generation;
    shard.used += 1;
  }

  /** Removes a run with these contents. Its slot becomes a tombstone until the shard is rebuilt. */
  remove(run: StoredRunKey): void {
    const { lo, hi, digests, generations } = this.shardOf(run);
    const mask = hi.length - 1;
    for (let at = run.lo & mask; hi[at] !== 0; at = (at + 1) & mask) {
      if (hi[at] !== run.hi || lo[at] !== run.lo || digests[at] !== run.digest) continue;
      generations[at] = 0;
      digests[at] = ~run.digest >>> 0;
      lo[at] = ~run.lo >>> 0;
      return;
    }
  }

  /** Forgets earlier generations. Their memory is freed shard by shard, as shards are used. */
  forgetBefore(generation: number): void {
    this.oldestGeneration = Math.max(this.oldestGeneration, generation);
  }

  oldest(): number {
    return this.oldestGeneration;
  }

  /** Reports whether the memory of forgotten generations is freed. */
  isSwept(): boolean {
    return this.shards.every(({ sweptBefore }) => sweptBefore === this.oldestGeneration);
  }

  /** Includes forgotten runs that still have a slot. */
  count(): number {
    return this.shards.reduce((sum, { used }) => sum + used, 0);
  }

  bytes(): number {
    return this.slots * slotBytes;
  }

  private shardOf({ hi }: StoredRunKey): Shard {
    return this.shards[hi >>> 24] as Shard;
  }

  private sweptShard(run: StoredRunKey): Shard {
    const shard = this.shardOf(run);
    if (shard.sweptBefore !== this.oldestGeneration) this.rebuild(shard);
    return shard;
  }

  /** Copies the remembered runs to new arrays with half as many free slots. */
  private rebuild(shard: Shard): void {
    const { hi, generations } = shard;
    const { oldestGeneration } = this;
    let kept = 0;
    for (let at = 0; at < hi.length; at += 1)
      if (hi[at] !== 0 && (generations[at] as number) >= oldestGeneration) kept += 1;
    let slots = minSlots;
    while (slots * 2 < kept * 3 + 3) slots *= 2;
    const rebuilt = emptyShard(slots, oldestGeneration);
    copyKept(shard, rebuilt, oldestGeneration);
    this.slots += slots - hi.length;
    Object.assign(shard, rebuilt, { used: kept });
  }
}

/** Drops the digest in the first of these slots, and appends one. */
function replaceFirst(digests: Uint32Array, slots: readonly number[], digest: number): void {
  slots.forEach((slot, index) => {
    const next = slots[index + 1];
    digests[slot] = next === undefined ? digest : (digests[next] as number);
  });
}

function emptyShard(slots: number, sweptBefore: number): Shard {
  return {
    lo: new Uint32Array(slots),
    hi: new Uint32Array(slots),
    digests: new Uint32Array(slots),
    generations: new Uint32Array(slots),
    used: 0,
    sweptBefore,
  };
}

/** Copies between arrays without objects: values above 2^31 would be boxed. */
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
