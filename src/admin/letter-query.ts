// Selects dead letters, and shows them.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Letter, Letters } from '../spool/dead-letters/letters.ts';

/** Selects the letters that match every member. Without members it selects all. */
export interface LetterQuery {
  readonly ids?: readonly string[];
  readonly kind?: string;
  /** A part of the reason in any case. */
  readonly reason?: string;
  /** The letter was seen last at or before this time, ms since 1970 UTC. */
  readonly untilMs?: number;
}

/** A letter as JSON for people and programs. */
export interface ShownLetter {
  readonly id: string;
  readonly kind: string;
  readonly reason: string;
  /** The sink that rejected it. */
  readonly sink?: string;
  /** The last sender of a malformed body. */
  readonly from?: string;
  readonly times: number;
  /** ISO 8601, UTC */
  readonly firstAt: string;
  readonly lastAt: string;
  /** The input: a point or a measurement as JSON, or the body of a push. Absent in lists. */
  readonly raw?: string;
  /** The encoding of a `raw` that is not text. */
  readonly encoding?: 'base64';
}

export function shownLetter(
  { id, kind, reason, sink, from, times, firstAtMs, lastAtMs, raw, encoding }: Letter,
  withInput: boolean,
): ShownLetter {
  return {
    id,
    kind,
    reason,
    ...(sink !== undefined && { sink }),
    ...(from !== undefined && { from }),
    times,
    firstAt: new Date(firstAtMs).toISOString(),
    lastAt: new Date(lastAtMs).toISOString(),
    ...(withInput && { raw }),
    ...(withInput && encoding !== undefined && { encoding }),
  };
}

const batchSize = 100;

/** Yields the selected letters in batches that fit into memory. Other tasks run between the batches. */
export async function* selectLetters(letters: Letters, query: LetterQuery): AsyncGenerator<readonly Letter[]> {
  const batches = query.ids === undefined ? batchesOfAll(letters) : batchesOf(letters, [...new Set(query.ids)]);
  for (const batch of batches) {
    const selected = batch.filter((letter) => matches(letter, query));
    if (selected.length > 0) yield selected;
    await nextTurn();
  }
}

function* batchesOfAll(letters: Letters): Generator<readonly Letter[]> {
  for (let batch = letters.after(undefined); batch.length > 0; batch = letters.after(batch.at(-1))) yield batch;
}

function* batchesOf(letters: Letters, ids: readonly string[]): Generator<readonly Letter[]> {
  for (let first = 0; first < ids.length; first += batchSize) {
    yield ids
      .slice(first, first + batchSize)
      .map((id) => letters.get(id))
      .filter((letter) => letter !== undefined);
  }
}

function matches(letter: Letter, { kind = letter.kind, reason = '', untilMs = Infinity }: LetterQuery): boolean {
  return (
    letter.kind === kind && letter.lastAtMs <= untilMs && letter.reason.toLowerCase().includes(reason.toLowerCase())
  );
}
