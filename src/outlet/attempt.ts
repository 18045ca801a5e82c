// An attempt to write a batch, or points of the retry set, to the sink.

import {
  type Ruling,
  type Sink,
  batchValueCounts,
  valueCounts,
  type ValueCounts,
  type Verdict,
} from '../model/sink.ts';
import type { Batch, Retry } from '../spool/readers/batches.ts';

export interface Attempt {
  readonly work: Batch | Retry;
  /** Failed writes so far: without an answer, or with every point kept. */
  readonly failures: number;
  /** The outlet's successful writes at the first failure and at the last one; see retry-policy.ts. */
  readonly successesAtFirstFailure: number;
  readonly successesAtLastFailure: number;
}

export function firstAttempt(work: Batch | Retry): Attempt {
  return { work, failures: 0, successesAtFirstFailure: 0, successesAtLastFailure: 0 };
}

/** @param successes - the outlet's successful writes so far */
export function failedAttempt({ work, failures, successesAtFirstFailure }: Attempt, successes: number): Attempt {
  return {
    work,
    failures: failures + 1,
    successesAtFirstFailure: failures === 0 ? successes : successesAtFirstFailure,
    successesAtLastFailure: successes,
  };
}

/** Writes a batch in the form in which it was delivered, if the sink accepts that form. */
export function writeTo(
  sink: Sink,
  work: Attempt['work'],
  options: { readonly signal: AbortSignal },
): Promise<Verdict> {
  return 'deliveries' in work && sink.writeBatch !== undefined
    ? sink.writeBatch(work, options)
    : sink.write(work.points, options);
}

export function pointCountOf(work: Attempt['work']): number {
  return 'deliveries' in work ? work.pointCount : work.points.length;
}

export function countsOf(work: Attempt['work'], verdict: Verdict): ValueCounts {
  return 'deliveries' in work ? batchValueCounts(work, verdict) : valueCounts(work.points, verdict);
}

/** The verdict on work whose points are all to be written again. */
export function allKept({ points }: Attempt['work'], reason: string): Verdict {
  return { rejected: [], kept: points.map((point): Ruling => ({ point, reason })) };
}
