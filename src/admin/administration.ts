// What the owner of a state directory can be asked and told: its dead letters, and its spool.

import type { Clock } from '../runtime/clock.ts';
import type { LetterRetry } from '../model/point.ts';
import type { DroppedPoints } from '../spool/readers/drop-backlog.ts';
import { type Letter, type Letters, wholeInput } from '../spool/dead-letters/list.ts';
import { kindsOfPoints } from '../spool/dead-letters/requeue.ts';
import type { Spool } from '../spool/spool.ts';
import type { SpoolStatus } from '../spool/status.ts';
import { type LetterQuery, lettersInTurns, type ShownLetter, shownLetter } from './letter-query.ts';

/** What became of a letter, in words: it is gone from the letters, or why it stays. */
export interface LetterOutcome {
  readonly id: string;
  readonly done?: string;
  readonly refused?: string;
}

export interface Administration {
  /** The letters that are asked for, in no order that means anything; their inputs only where wanted. */
  letters(query: LetterQuery, options?: { readonly withInput?: boolean }): AsyncIterable<ShownLetter>;
  /** Tries them again, and says of each what became of it. */
  retry(query: LetterQuery): AsyncIterable<LetterOutcome>;
  /** Throws them away. */
  drop(query: LetterQuery): AsyncIterable<LetterOutcome>;
  spoolStatus(): Promise<SpoolStatus>;
  /** Throws away what waits for a sink. */
  dropWaiting(sinkName: string): Promise<DroppedPoints>;
}

export interface AdministrationOptions {
  readonly spool: Pick<Spool, 'letters' | 'returnPoints' | 'dropLetters' | 'drop' | 'status'>;
  readonly retryLetter: LetterRetry;
  readonly clock: Pick<Clock, 'steady' | 'sleep'>;
}

/** The administration of an open spool. */
export function administration({ spool, retryLetter, clock }: AdministrationOptions): Administration {
  return {
    async *letters(query, { withInput = false } = {}) {
      for await (const letters of lettersInTurns(spool.letters, query)) {
        for (const letter of letters) yield shownLetter(letter, withInput);
      }
    },
    async *retry(query) {
      yield* missing(query, spool.letters);
      let fromMs = clock.steady();
      for await (const letters of lettersInTurns(spool.letters, query)) {
        yield* await retryTurn(letters, { spool, retryLetter });
        // Half of the time is left to pushes and to what goes out.
        const tookMs = clock.steady() - fromMs;
        if (tookMs > 0) await clock.sleep(tookMs);
        fromMs = clock.steady();
      }
    },
    async *drop(query) {
      yield* missing(query, spool.letters);
      for await (const letters of lettersInTurns(spool.letters, query)) {
        await spool.dropLetters(letters.map(({ id }) => id));
        for (const { id } of letters) yield { id, done: 'dropped' };
      }
    },
    spoolStatus: spool.status,
    dropWaiting: spool.drop,
  };
}

/** Points of sinks share a step; what a source tries again shares the next transactions. */
async function retryTurn(
  letters: readonly Letter[],
  { spool, retryLetter }: Omit<AdministrationOptions, 'clock'>,
): Promise<LetterOutcome[]> {
  const ofPoints = letters.filter(({ kind }) => kindsOfPoints.includes(kind)).map(({ id }) => id);
  const returned = ofPoints.length === 0 ? [] : await spool.returnPoints(ofPoints);
  const others = letters.filter(({ kind }) => !kindsOfPoints.includes(kind));
  const retried = await Promise.all(others.map((letter) => retryOne(letter, retryLetter)));
  return [
    ...returned.map(({ id, sink, refused }) =>
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

/** Letters that were asked for by their ids, and are not there. */
function missing({ ids = [] }: LetterQuery, letters: Letters): LetterOutcome[] {
  return ids.filter((id) => letters.get(id) === undefined).map((id) => ({ id, refused: 'there is no such letter' }));
}
