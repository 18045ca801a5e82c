// An errand of the outlet: points on their way to the sink, how often they have been on it, and what comes of them.

import { backoff } from '../runtime/backoff.ts';
import type { DataPoint } from '../model/point.ts';
import { type Ruling, type Sink, talliedBatch, talliedValues, type ValueTally, type Verdict } from '../model/sink.ts';
import type { AddressedLetter } from '../spool/dead-letters/dead-letters.ts';
import type { Batch, Retry } from '../spool/readers/batches.ts';
import type { Outcome } from '../spool/readers/settling.ts';

export interface Attempt {
  /** Where in the spool the points stand. */
  readonly from: Batch | Retry;
  /** How often nobody answered, or nothing of it was taken. */
  readonly tries: number;
  /** How many errands had been answered when this one first was not, and when it last was not. */
  readonly answersAtFirst: number;
  readonly answersAtLast: number;
}

/** Writes the points, those of a batch as they were delivered where the sink takes them so. */
export function written(
  sink: Sink,
  from: Attempt['from'],
  options: { readonly signal: AbortSignal },
): Promise<Verdict> {
  return 'deliveries' in from && sink.writeBatch !== undefined
    ? sink.writeBatch(from, options)
    : sink.write(from.points, options);
}

export function pointCountOf(from: Attempt['from']): number {
  return 'deliveries' in from ? from.pointCount : from.points.length;
}

/** How many values the verdict accepts, rejects and keeps. */
export function talliedErrand(from: Attempt['from'], verdict: Verdict): ValueTally {
  return 'deliveries' in from ? talliedBatch(from, verdict) : talliedValues(from.points, verdict);
}

/** So often a batch is tried before it is asked whether it is the batch's fault, and not the sink's. */
export const maxTries = 5;

/** After so many tries another batch is tried before this one is again; if that one is answered the sink is not at fault. */
const triesBeforeOthers = 3;
/** Bound on the batches that are tried in turn while the sink answers none. */
const maxTriedInTurn = 8;

/** Kept for longer, a point becomes a dead letter. */
const maxKeptMs = 86_400_000;
/** The pauses of the retry set grow up to this. */
const maxRetryPauseMs = 600_000;

export function firstTry(from: Batch | Retry): Attempt {
  return { from, tries: 0, answersAtFirst: 0, answersAtLast: 0 };
}

/** @param answers - how many errands have been answered since the start */
export function triedOnceMore({ from, tries, answersAtFirst }: Attempt, answers: number): Attempt {
  return { from, tries: tries + 1, answersAtFirst: tries === 0 ? answers : answersAtFirst, answersAtLast: answers };
}

/** Whether others are answered all the while, and this one never. */
export function isItsOwnFault({ tries, answersAtFirst }: Attempt, answers: number): boolean {
  return tries >= maxTries && answers > answersAtFirst;
}

/**
 * Takes the errand out that is to be tried again before anything new is: the one least tried. Undefined when another
 * batch is to be tried first.
 */
export function takeDue(again: Attempt[], answers: number): Attempt | undefined {
  const least = again.reduce<Attempt | undefined>(
    (one, other) => (one !== undefined && one.tries <= other.tries ? one : other),
    undefined,
  );
  if (least === undefined) return undefined;
  const isOthersTurn =
    least.tries >= triesBeforeOthers && answers === least.answersAtLast && again.length < maxTriedInTurn;
  if (isOthersTurn) return undefined;
  again.splice(again.indexOf(least), 1);
  return least;
}

/** What becomes of the points that were not accepted. */
export function outcomeOf(
  from: Batch | Retry,
  { rejected, kept }: Verdict,
  { sink, nowMs, random }: Circumstances,
): Outcome {
  const isRetry = 'attempts' in from;
  const attempts = isRetry ? from.attempts + 1 : 1;
  const isOverdue = isRetry && nowMs - from.firstKeptAtMs > maxKeptMs;
  return {
    letters: [
      ...rejected.map((ruling) => letter('rejected', ruling, sink)),
      ...(isOverdue ? kept.map((ruling) => letter('kept-too-long', ruling, sink)) : []),
    ],
    kept: isOverdue ? [] : kept.map(stillToWrite),
    pauseMs: backoff(attempts, random, { baseMs: 500, capMs: maxRetryPauseMs }),
  };
}

interface Circumstances {
  /** The sink's name. */
  readonly sink: string;
  readonly nowMs: number;
  readonly random: () => number;
}

function letter(kind: string, ruling: Ruling, sink: string): AddressedLetter {
  return { kind, reason: ruling.reason, raw: JSON.stringify(stillToWrite(ruling)), sink };
}

/** What is written when it is tried again: of a point whose value was accepted, the annotation. */
function stillToWrite({ point, isStored }: Ruling): DataPoint {
  return isStored === true ? { ...point, only: 'annotation' } : point;
}
