// Samples of malformed bodies, which were never acknowledged: a ring in the store, the one that was not seen for the longest
// time making room for the next; they count against no bound, and nothing waits for them.

import type { Clock } from '../clock.ts';
import type { MalformedBody } from '../point.ts';
import { idOfSample, type Letter, type Letters, oneTurn, sizeOf } from './letters.ts';
import type { LetterRow, Store } from './store.ts';

export interface Samples extends Letters {
  /** Keeps a sample of it, unless there are too many at the moment; never throws, and tells nobody when. */
  take(malformed: MalformedBody): void;
}

export interface SamplesOptions {
  readonly clock: Clock;
  /** Whether there is room to spare on the disk. */
  readonly hasRoom: () => boolean;
  /** Bound on the ring. */
  readonly maxBytes?: number;
}

const ringBytes = 16 * 2 ** 20;
/** A sample is there to be understood. */
const maxSampleBytes = 16_384;
/** So many are kept at once, and then one each so often: a sample costs a write, and a flood of them must cost nothing. */
const burst = 20;
const pauseMs = 100;
/** After the disk has failed, no samples for so long. */
const failurePauseMs = 60_000;

/** Opens the samples of a store; reads the whole ring once. */
export function openSamples(store: Store, { clock, hasRoom, maxBytes = ringBytes }: SamplesOptions): Samples {
  const ring = openRing(store, maxBytes);
  let freeAtMs = -Infinity;

  async function put(malformed: MalformedBody): Promise<void> {
    try {
      await store.write(() => ring.add(malformed, clock.now()));
    } catch {
      freeAtMs = clock.steady() + failurePauseMs + burst * pauseMs;
    }
  }

  return {
    ...ring.letters,
    take(malformed) {
      const nowMs = clock.steady();
      if (freeAtMs > nowMs + (burst - 1) * pauseMs || !hasRoom()) return;
      freeAtMs = Math.max(freeAtMs, nowMs) + pauseMs;
      void put(malformed);
    },
  };
}

interface Ring {
  readonly letters: Letters;
  /** To be called inside a transaction. */
  add(malformed: MalformedBody, nowMs: number): void;
}

function openRing(store: Store, maxBytes: number): Ring {
  /** Sizes by id, the one that was not seen for the longest time first. */
  const sizes = new Map<string, number>();
  let bytes = 0;

  function note(id: string, size: number): void {
    bytes += size - (sizes.get(id) ?? 0);
    sizes.delete(id);
    if (size > 0) sizes.set(id, size);
  }

  function reread(): void {
    bytes = 0;
    sizes.clear();
    const rows = [...store.malformed.getRange()].toSorted((a, b) => a.value.lastAtMs - b.value.lastAtMs);
    for (const { key, value } of rows) note(key, sizeOf(key, value));
  }

  function remove(id: string): void {
    store.malformed.removeSync(id);
    note(id, 0);
  }

  function get(id: string): Letter | undefined {
    const row = store.malformed.get(id);
    return row && { id, ...row };
  }

  function add(malformed: MalformedBody, nowMs: number): void {
    const id = idOfSample(malformed.body.length > 0 ? malformed.body : malformed.reason);
    const row = rowOf(malformed, store.malformed.get(id), nowMs);
    store.malformed.putSync(id, row);
    note(id, sizeOf(id, row));
    for (const oldest of sizes.keys()) {
      if (bytes <= maxBytes || oldest === id) break;
      remove(oldest);
    }
  }

  reread();
  store.onFailure(reread);
  const after = (id: string | undefined): Letter[] => oneTurn(store.malformed.getRange(id === undefined ? {} : { start: id, exclusiveStart: true }));
  return { letters: { get, remove, after, count: () => sizes.size, bytes: () => bytes }, add };
}

function rowOf({ body, reason, from }: MalformedBody, earlier: LetterRow | undefined, nowMs: number): LetterRow {
  const firstAtMs = earlier?.firstAtMs ?? nowMs;
  return { kind: 'malformed', reason, ...textOf(body), from, firstAtMs, lastAtMs: nowMs, times: (earlier?.times ?? 0) + 1 };
}

/** As text, where it is UTF-8 and has no zero in it. */
function textOf(body: Buffer): Pick<LetterRow, 'raw' | 'encoding'> {
  const kept = body.subarray(0, maxSampleBytes);
  try {
    const raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(kept, { stream: kept.length < body.length });
    if (!raw.includes('\0')) return { raw };
  } catch {
    // Bytes that are no text: base64.
  }
  return { raw: kept.toString('base64'), encoding: 'base64' };
}
