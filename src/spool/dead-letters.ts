// Keeps what will never reach a sink, with the reason, until somebody looks: whole, bounded, and each content once.

import type { DeadLetter } from '../point.ts';
import { idOfDeadLetter, type Letter, type Letters, oneTurn, sizeOf } from './letters.ts';
import { type LetterRow, type Store } from './store.ts';
import { entries } from './store-size.ts';

/** A dead letter, and the sink that would not take it, where it was one. */
export interface AddressedLetter extends DeadLetter {
  readonly sink?: string;
}

export interface DeadLetters extends Letters {
  /** Puts it down; to be called inside a transaction of the store. */
  add(letter: AddressedLetter, nowMs: number): void;
  /** Puts down what an earlier store kept; to be called inside a transaction of the store. */
  restore(id: string, row: LetterRow): void;
  list(): Iterable<{ readonly id: string; readonly letter: LetterRow }>;
  /** How often one was put down since the start, by kind; the same content counts each time. */
  added(): Readonly<Record<string, number>>;
}

/** Opens the dead letters of a store. How large they are is stored with them, since there may be very many. */
export function openDeadLetters(store: Store): DeadLetters {
  let bytes = 0;
  let count = 0;
  const additions = countsOfTransactions(store);

  function reread(): void {
    count = entries(store.deadLetters);
    bytes = store.meta.get('dead-letter-bytes') ?? (count === 0 ? 0 : counted(store));
  }

  function resize(by: number): void {
    bytes += by;
    store.meta.putSync('dead-letter-bytes', bytes);
  }

  function get(id: string): Letter | undefined {
    const row = store.deadLetters.get(id);
    return row && { id, ...row };
  }

  reread();
  store.onFailure(reread);
  return {
    add({ kind, reason, raw, sink }, nowMs) {
      const id = idOfDeadLetter(kind, sink, raw);
      const earlier = get(id);
      const times = (earlier?.times ?? 0) + 1;
      const addressee = sink === undefined ? {} : { sink };
      const row: LetterRow = { kind, reason, raw, ...addressee, firstAtMs: earlier?.firstAtMs ?? nowMs, lastAtMs: nowMs, times };
      store.deadLetters.putSync(id, row);
      if (earlier === undefined) count += 1;
      resize(sizeOf(id, row) - (earlier === undefined ? 0 : sizeOf(id, earlier)));
      additions.count(kind);
    },
    get,
    remove(id) {
      const letter = get(id);
      if (letter === undefined) return;
      store.deadLetters.removeSync(id);
      count -= 1;
      resize(-sizeOf(id, letter));
    },
    after: (id) => oneTurn(store.deadLetters.getRange(id === undefined ? {} : { start: id, exclusiveStart: true })),
    restore(id, row) {
      if (get(id) !== undefined) return;
      store.deadLetters.putSync(id, row);
      count += 1;
      resize(sizeOf(id, row));
    },
    *list() {
      for (const { key, value } of store.deadLetters.getRange()) yield { id: key, letter: value };
    },
    added: additions.counts,
    count: () => count,
    bytes: () => bytes,
  };
}

function counted(store: Store): number {
  let bytes = 0;
  for (const { key, value } of store.deadLetters.getRange()) bytes += sizeOf(key, value);
  return bytes;
}

/** Counts inside transactions, and forgets what a transaction that fails has counted; transactions are synchronous. */
function countsOfTransactions(store: Store): { count(kind: string): void; counts(): Readonly<Record<string, number>> } {
  const counts: Record<string, number> = {};
  let underway: string[] = [];
  store.onFailure(() => void (underway = []));
  return {
    count(kind) {
      if (underway.length === 0) {
        queueMicrotask(() => {
          for (const each of underway) counts[each] = (counts[each] ?? 0) + 1;
          underway = [];
        });
      }
      underway.push(kind);
    },
    counts: () => ({ ...counts }),
  };
}
