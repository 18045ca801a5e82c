// Which dead letters somebody asks for, and how they are shown.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Letter, Letters } from '../spool/dead-letters/list.ts';

/** Letters that fit all of it; nothing set: all of them. */
export interface LetterQuery {
  readonly ids?: readonly string[];
  readonly kind?: string;
  /** Stands somewhere in the reason, in capitals or not. */
  readonly reason?: string;
  /** Seen last at this time or before, ms since 1970 UTC. */
  readonly untilMs?: number;
}

/** A letter as it is shown to people and programs. */
export interface ShownLetter {
  readonly id: string;
  readonly kind: string;
  readonly reason: string;
  /** The sink that refused it, where it was one. */
  readonly sink?: string;
  /** The address that a malformed body came from last. */
  readonly from?: string;
  readonly times: number;
  /** ISO 8601, UTC */
  readonly firstAt: string;
  readonly lastAt: string;
  /** The input: a point or a measurement as JSON, or the body of a push; where it was wanted. */
  readonly raw?: string;
  /** Of `raw`, where it is no text. */
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
    ...(sink === undefined ? {} : { sink }),
    ...(from === undefined ? {} : { from }),
    times,
    firstAt: new Date(firstAtMs).toISOString(),
    lastAt: new Date(lastAtMs).toISOString(),
    ...(withInput ? { raw } : {}),
    ...(withInput && encoding !== undefined ? { encoding } : {}),
  };
}

const idsInTurn = 100;

/** The letters that fit, so many at once as are easily held in memory; others get their turn in between. */
export async function* lettersInTurns(letters: Letters, query: LetterQuery): AsyncGenerator<readonly Letter[]> {
  const turns = query.ids === undefined ? allInTurns(letters) : chosenInTurns(letters, [...new Set(query.ids)]);
  for (const found of turns) {
    const fitting = found.filter((letter) => fits(letter, query));
    if (fitting.length > 0) yield fitting;
    await nextTurn();
  }
}

function* allInTurns(letters: Letters): Generator<readonly Letter[]> {
  for (let found = letters.after(undefined); found.length > 0; found = letters.after(found.at(-1))) yield found;
}

function* chosenInTurns(letters: Letters, ids: readonly string[]): Generator<readonly Letter[]> {
  for (let first = 0; first < ids.length; first += idsInTurn) {
    yield ids
      .slice(first, first + idsInTurn)
      .map((id) => letters.get(id))
      .filter((letter) => letter !== undefined);
  }
}

function fits(letter: Letter, { kind = letter.kind, reason = '', untilMs = Infinity }: LetterQuery): boolean {
  return (
    letter.kind === kind && letter.lastAtMs <= untilMs && letter.reason.toLowerCase().includes(reason.toLowerCase())
  );
}
