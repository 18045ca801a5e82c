// The retry policy of an outlet.
//
//   no answer, or       The outlet pauses, 250 ms doubling up to 2.5 s, and at least as long as the sink asks. Then it
//   every point kept    writes the same batch again. After 3 failures it tries other batches first, up to 8.
//                       From the 6th failure on the points count as kept. A batch without an answer must also see
//                       other batches succeed meanwhile; otherwise the sink is down, and the batch is tried again.
//   kept                The point enters the retry set, with a pause of its own, 500 ms doubling up to 10 min.
//                       At the first failure after 24 h it becomes a dead letter.
//   rejected            The point becomes a dead letter at once.
//
// An optional sink also skips points over its budget (spool/readers/budgets.ts).

import { backoff } from '../runtime/backoff.ts';
import type { DataPoint } from '../model/point.ts';
import type { Ruling, Verdict } from '../model/sink.ts';
import type { AddressedLetter } from '../spool/dead-letters/dead-letters.ts';
import type { Outcome } from '../spool/readers/outcome.ts';
import type { Attempt } from './attempt.ts';

const maxFailures = 5;
const failuresBeforeOthers = 3;
const maxTriedInTurn = 8;
const maxOutagePauseMs = 2_500;
const maxRetryPauseMs = 600_000;
const maxKeptMs = 86_400_000;

/** @param failures - pauses since the last successful write, this one included */
export function outagePauseMs(failures: number, retryAfterMs: number, random: () => number): number {
  return Math.max(retryAfterMs, backoff(failures, random, { capMs: maxOutagePauseMs }));
}

export function isExhausted({ failures }: Attempt): boolean {
  return failures >= maxFailures;
}

/** Reports whether the sink answers other batches but never this one. */
export function isPoison(attempt: Attempt, successes: number): boolean {
  return isExhausted(attempt) && successes > attempt.successesAtFirstFailure;
}

/** Removes and returns the attempt with the fewest failures; undefined if another batch has to be tried first. */
export function takeNext(failed: Attempt[], successes: number): Attempt | undefined {
  const next = failed.toSorted((a, b) => a.failures - b.failures)[0];
  if (next === undefined) return undefined;
  const isOthersTurn =
    next.failures >= failuresBeforeOthers &&
    successes === next.successesAtLastFailure &&
    failed.length < maxTriedInTurn;
  if (isOthersTurn) return undefined;
  failed.splice(failed.indexOf(next), 1);
  return next;
}

export interface OutcomeContext {
  /** The sink's name. */
  readonly sink: string;
  readonly nowMs: number;
  readonly random: () => number;
}

/** Turns a verdict into dead letters and points to write again. */
export function outcomeOf(
  work: Attempt['work'],
  { rejected, kept }: Verdict,
  { sink, nowMs, random }: OutcomeContext,
): Outcome {
  const isRetry = 'attempts' in work;
  const attempts = isRetry ? work.attempts + 1 : 1;
  const isOverdue = isRetry && nowMs - work.firstKeptAtMs > maxKeptMs;
  return {
    letters: [
      ...rejected.map((ruling) => letter('rejected', ruling, sink)),
      ...(isOverdue ? kept.map((ruling) => letter('kept-too-long', ruling, sink)) : []),
    ],
    kept: isOverdue ? [] : kept.map(pointToRetry),
    pauseMs: backoff(attempts, random, { baseMs: 500, capMs: maxRetryPauseMs }),
  };
}

function letter(kind: string, ruling: Ruling, sink: string): AddressedLetter {
  return { kind, reason: ruling.reason, raw: JSON.stringify(pointToRetry(ruling)), sink };
}

/** If the sink has accepted the value, only the annotation is written again. */
function pointToRetry({ point, isStored }: Ruling): DataPoint {
  return isStored === true ? { ...point, only: 'annotation' } : point;
}
