// What will never reach a sink, with the reason, until somebody looks; and the samples of malformed bodies, a ring of those seen last.

import type { DeadLetter, MalformedBody } from '../../model/point.ts';
import type { StoredLetter } from '../state/change.ts';
import type { LetterEntry, LetterTable } from './table.ts';
import { idOfSample, type Letter, type Letters, mostInTurn, mostRawInTurn } from './list.ts';
import { indexId } from '../state/state.ts';
import type { Store } from '../store.ts';

/** A dead letter, and the sink that would not take it, where it was one. */
export interface AddressedLetter extends DeadLetter {
  readonly sink?: string;
}

export interface DeadLetters extends Letters {
  /** How often one was put down since the start, by kind; the same content counts each time. */
  added(): Readonly<Record<string, number>>;
}

export interface Samples extends Letters {
  /** Keeps a sample of it, unless there are too many at the moment; never throws, and tells nobody when. */
  take(malformed: MalformedBody): void;
}

export function deadLettersOf(store: Store, added: ReadonlyMap<string, number>): DeadLetters {
  return { ...lettersOf(store, () => store.state.letters, 'letters'), added: () => Object.fromEntries(added) };
}

function lettersOf(store: Store, index: () => LetterTable, name: 'letters' | 'samples'): Letters {
  function read(entry: LetterEntry & { readonly order: number }): Letter | undefined {
    const stored = store.content.at(entry)?.[name]?.[entry.part];
    if (stored !== undefined)
      return {
        ...stored,
        times: entry.times,
        firstAtMs: entry.firstAtMs,
        lastAtMs: entry.lastAtMs,
        order: entry.order,
      };
    // Its frame is damaged: it is gone.
    store.append({
      change: {
        noLetters: [name === 'samples' ? `m${entry.id.slice(0, -1)}` : entry.id],
        ...(name === 'letters' && { lost: { deadLetters: 1 } }),
      },
    });
    return undefined;
  }

  return {
    get(id) {
      const entry = index().get(indexId(id));
      return entry && read(entry);
    },
    after(last) {
      const letters: Letter[] = [];
      let raw = 0;
      for (const entry of index().after(last?.order ?? 0)) {
        const letter = read(entry);
        if (letter === undefined) continue;
        letters.push(letter);
        raw += letter.raw.length;
        if (letters.length >= mostInTurn || raw >= mostRawInTurn) break;
      }
      return letters;
    },
    count: () => index().count(),
    bytes: () => index().bytes(),
  };
}

const ringBytes = 16 * 2 ** 20;
/** A sample is there to be understood. */
const maxSampleBytes = 16_384;
/** So many are kept at once, and then one each so often: a sample costs a write, and a flood of them must cost nothing. */
const burst = 20;
const pauseMs = 100;

/** @param hasRoom - whether there is room to spare */
export function samplesOf(store: Store, hasRoom: () => boolean, maxBytes = ringBytes): Samples {
  let freeAtMs = -Infinity;

  function keep({ body, reason, from }: MalformedBody): void {
    const { samples } = store.state;
    const nowMs = store.clock.now();
    const id = idOfSample(body.length > 0 ? body : reason);
    const sample: StoredLetter = {
      id,
      kind: 'malformed',
      reason,
      ...textOf(body),
      from,
      firstAtMs: nowMs,
      lastAtMs: nowMs,
      times: 1,
    };
    store.append({ change: { samples: [sample] } });
    const old: string[] = [];
    let bytes = samples.bytes();
    for (const entry of samples.after(0)) {
      if (bytes <= maxBytes) break;
      bytes -= entry.bytes;
      old.push(`m${entry.id.slice(0, -1)}`);
    }
    if (old.length > 0) store.append({ change: { noLetters: old } });
  }

  return {
    ...lettersOf(store, () => store.state.samples, 'samples'),
    take(malformed) {
      const nowMs = store.clock.steady();
      if (freeAtMs > nowMs + (burst - 1) * pauseMs || !hasRoom()) return;
      freeAtMs = Math.max(freeAtMs, nowMs) + pauseMs;
      try {
        keep(malformed);
      } catch {
        // A spool that takes nothing takes no sample either.
      }
    },
  };
}

/** As text, where it is UTF-8 and has no zero in it. */
function textOf(body: Buffer): Pick<StoredLetter, 'raw' | 'encoding'> {
  const kept = body.subarray(0, maxSampleBytes);
  try {
    const raw = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(kept, {
      stream: kept.length < body.length,
    });
    if (!raw.includes('\0')) return { raw };
  } catch {
    // Bytes that are no text: base64.
  }
  return { raw: kept.toString('base64'), encoding: 'base64' };
}
