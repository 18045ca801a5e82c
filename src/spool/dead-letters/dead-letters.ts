// Dead letters, and samples of malformed bodies. The samples form a ring of the most recent ones.

import type { DeadLetter, MalformedBody } from '../../model/point.ts';
import type { StoredLetter } from '../state/change.ts';
import type { Store } from '../store.ts';
import { idOfSample, type Letter, type Letters, lettersPerTurn, rawPerTurn, sampleIdOf, tableId } from './letters.ts';
import type { OrderedLetter } from './table.ts';

export interface AddressedLetter extends DeadLetter {
  /** The sink that rejected the point. */
  readonly sink?: string;
}

export interface DeadLetters extends Letters {
  /** Additions since the start by kind, including repeated contents. */
  added(): Readonly<Record<string, number>>;
}

export interface Samples extends Letters {
  /** Keeps a sample within a rate limit, without waiting for the disk. Never throws. */
  take(malformed: MalformedBody): void;
}

export function deadLettersOf(store: Store, added: ReadonlyMap<string, number>): DeadLetters {
  return { ...lettersOf(store, 'letters'), added: () => Object.fromEntries(added) };
}

function lettersOf(store: Store, name: 'letters' | 'samples'): Letters {
  function read({ times, firstAtMs, lastAtMs, order, ...entry }: OrderedLetter): Letter | undefined {
    const stored = store.changes.read(entry)?.[name]?.[entry.part];
    if (stored !== undefined) return { ...stored, times, firstAtMs, lastAtMs, order };
    // The frame is damaged.
    store.append({
      change:
        name === 'samples'
          ? { noLetters: [sampleIdOf(entry.id)] }
          : { noLetters: [entry.id], lost: { deadLetters: 1 } },
    });
    return undefined;
  }

  return {
    get(id) {
      const entry = store.state[name].get(tableId(id));
      return entry && read(entry);
    },
    after(last) {
      const letters: Letter[] = [];
      let raw = 0;
      for (const entry of store.state[name].after(last?.order ?? 0)) {
        const letter = read(entry);
        if (letter === undefined) continue;
        letters.push(letter);
        raw += letter.raw.length;
        if (letters.length >= lettersPerTurn || raw >= rawPerTurn) break;
      }
      return letters;
    },
    count: () => store.state[name].count(),
    bytes: () => store.state[name].bytes(),
  };
}

const ringBytes = 16 * 2 ** 20;
const maxSampleBytes = 16_384;
/** The rate limit: a burst, then one per interval. */
const burst = 20;
const intervalMs = 100;

/** @param hasRoom - whether the spool has space to spare */
export function samplesOf(store: Store, hasRoom: () => boolean, maxBytes = ringBytes): Samples {
  let freeAtMs = -Infinity;

  function keep({ body, reason, from }: MalformedBody): void {
    const { samples } = store.state;
    const atMs = store.clock.now();
    const id = idOfSample(body.length > 0 ? body : reason);
    store.append({
      change: {
        samples: [{ id, kind: 'malformed', reason, ...textOf(body), from, firstAtMs: atMs, lastAtMs: atMs, times: 1 }],
      },
    });
    const oldest: string[] = [];
    let bytes = samples.bytes();
    for (const entry of samples.after(0)) {
      if (bytes <= maxBytes) break;
      bytes -= entry.bytes;
      oldest.push(sampleIdOf(entry.id));
    }
    if (oldest.length > 0) store.append({ change: { noLetters: oldest } });
  }

  return {
    ...lettersOf(store, 'samples'),
    take(malformed) {
      const nowMs = store.clock.steady();
      if (freeAtMs > nowMs + (burst - 1) * intervalMs || !hasRoom()) return;
      freeAtMs = Math.max(freeAtMs, nowMs) + intervalMs;
      try {
        keep(malformed);
      } catch {
        // A full or failed spool drops the sample.
      }
    },
  };
}

/** As text if the body is UTF-8 without NUL, otherwise as base64. */
function textOf(body: Buffer): Pick<StoredLetter, 'raw' | 'encoding'> {
  const kept = body.subarray(0, maxSampleBytes);
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const raw = decoder.decode(kept, { stream: kept.length < body.length });
    if (!raw.includes('\0')) return { raw };
  } catch {
    // Not UTF-8.
  }
  return { raw: kept.toString('base64'), encoding: 'base64' };
}
