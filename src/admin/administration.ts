// The operations on an open state directory: list, retry and drop dead letters, inspect the spool, drop a backlog.

import type { Clock } from '../runtime/clock.ts';
import type { LetterRetry } from '../model/point.ts';
import type { DroppedPoints } from '../spool/readers/drop-backlog.ts';
import { type Letter, type Letters, wholeInput } from '../spool/dead-letters/letters.ts';
import { kindsOfPoints } from '../spool/dead-letters/requeue.ts';
import type { Spool } from '../spool/spool.ts';
import type { SpoolStatus } from '../spool/status.ts';
import { type LetterQuery, selectLetters, type ShownLetter, shownLetter } from './letter-query.ts';

/** The outcome for one letter as text: `done` if the letter is removed, `refused` with the reason if it stays. */
export interface LetterOutcome {
  readonly id: string;
  readonly done?: string;
  readonly refused?: string;
}

export interface Administration {
  /** Letters in no particular order. */
  letters(query: LetterQuery, options?: { readonly withInput?: boolean }): AsyncIterable<ShownLetter>;
  retry(query: LetterQuery): AsyncIterable<LetterOutcome>;
  drop(query: LetterQuery): AsyncIterable<LetterOutcome>;
  spoolStatus(): Promise<SpoolStatus>;
  /** Drops the backlog of a sink. */
  dropWaiting(sinkName: string): Promise<DroppedPoints>;
}

interface AdministrationOptions {
  readonly spool: Pick<Spool, 'letters' | 'requeue' | 'dropLetters' | 'drop' | 'status'>;
  readonly retryLetter: LetterRetry;
  readonly clock: Pick<Clock, 'steady' | 'sleep'>;
}

export function administration({ spool, retryLetter, clock }: AdministrationOptions): Administration {
  return {
    async *letters(query, { withInput = false } = {}) {
      for await (const letters of selectLetters(spool.letters, query)) {
        for (const letter of letters) yield shownLetter(letter, withInput);
      }
    },
    async *retry(query) {
      yield* missingLetters(query, spool.letters);
      let startMs = clock.steady();
      for await (const letters of selectLetters(spool.letters, query)) {
        yield* await retryBatch(letters, { spool, retryLetter });
        // Leaves half of the time to pushes and outlets.
        const tookMs = clock.steady() - startMs;
        if (tookMs > 0) await clock.sleep(tookMs);
        startMs = clock.steady();
      }
    },
    async *drop(query) {
      yield* missingLetters(query, spool.letters);
      for await (const letters of selectLetters(spool.letters, query)) {
        await spool.dropLetters(letters.map(({ id }) => id));
        for (const { id } of letters) yield { id, done: 'dropped' };
      }
    },
    spoolStatus: spool.status,
    dropWaiting: spool.drop,
  };
}

/** Requeues the points of sinks in one transaction, and hands every other letter to its source. */
async function retryBatch(
  letters: readonly Letter[],
  { spool, retryLetter }: Omit<AdministrationOptions, 'clock'>,
): Promise<LetterOutcome[]> {
  const ofPoints = letters.filter(({ kind }) => kindsOfPoints.includes(kind)).map(({ id }) => id);
  const requeued = ofPoints.length === 0 ? [] : await spool.requeue(ofPoints);
  const others = letters.filter(({ kind }) => !kindsOfPoints.includes(kind));
  const retried = await Promise.all(others.map((letter) => retryOne(letter, retryLetter)));
  return [
    ...requeued.map(({ id, sink, refused }) =>
      refused === undefined ? { id, done: `waits for ${sink} again` } : { id, refused },
    ),
    ...retried,
  ];
}

async function retryOne(letter: Letter, retryLetter: LetterRetry): Promise<LetterOutcome> {
  const { id, kind } = letter;
  const input = wholeInput(letter);
  if (input === undefined)
    return { id, refused: 'its input is not whole: only a part of it was kept, or it has been damaged' };
  try {
    const retried = await retryLetter({ id, kind, input });
    return { id, ...(retried ?? { refused: `what is ${kind} cannot be tried again` }) };
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'NoSuchLetter' || name === 'SpoolFull') return { id, refused: message };
    throw error;
  }
}

function missingLetters({ ids = [] }: LetterQuery, letters: Letters): LetterOutcome[] {
  return ids.filter((id) => letters.get(id) === undefined).map((id) => ({ id, refused: 'there is no such letter' }));
}
