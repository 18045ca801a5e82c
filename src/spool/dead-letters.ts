// Keeps what will never reach a sink, with the reason, until somebody looks: bounded, and each content once.

import { hash } from 'node:crypto';
import type { DeadLetter } from '../point.ts';
import type { DeadLetterRow, Store } from './store.ts';

/** A dead letter, and the sink that would not take it, where it was one. */
export interface AddressedLetter extends DeadLetter {
  readonly sink?: string;
}

export interface DeadLetters {
  /** Puts it down; to be called inside a transaction of the store. */
  add(letter: AddressedLetter, nowMs: number): void;
  list(): Iterable<{ readonly id: string; readonly letter: DeadLetterRow }>;
  count(): number;
  bytes(): number;
}

/** Longer inputs are cut: a letter is there to be understood. */
const maxRawLength = 16_384;

/** Opens the dead letters of a store; reads them all once to know their size. */
export function openDeadLetters(store: Store): DeadLetters {
  const sizes = new Map<string, number>();
  let bytes = 0;

  function reread(): void {
    bytes = 0;
    sizes.clear();
    for (const { key, value } of store.deadLetters.getRange()) noteSize(key, value);
  }

  function noteSize(id: string, row: DeadLetterRow): void {
    const size = id.length + row.raw.length + row.reason.length + 100;
    bytes += size - (sizes.get(id) ?? 0);
    sizes.set(id, size);
  }

  reread();
  store.onFailure(reread);
  return {
    add({ kind, reason, raw, sink }, nowMs) {
      const id = hash('sha1', JSON.stringify([kind, sink, raw]), 'base64url').slice(0, 16);
      const earlier = store.deadLetters.get(id);
      const row: DeadLetterRow = {
        kind,
        reason,
        raw: raw.slice(0, maxRawLength),
        ...(sink === undefined ? {} : { sink }),
        firstAtMs: earlier?.firstAtMs ?? nowMs,
        lastAtMs: nowMs,
        times: (earlier?.times ?? 0) + 1,
      };
      store.deadLetters.putSync(id, row);
      noteSize(id, row);
    },
    *list() {
      for (const { key, value } of store.deadLetters.getRange()) yield { id: key, letter: value };
    },
    count: () => sizes.size,
    bytes: () => bytes,
  };
}
