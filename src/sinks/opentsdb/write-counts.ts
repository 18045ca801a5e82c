// Counts the outcomes of a sink's writes, for its status.

import type { ValueCounts, Verdict } from '../../model/sink.ts';

/** In values, since the start. */
export interface WriteCounts {
  readonly accepted: number;
  readonly rejected: number;
  /** A point counts each time it is kept. */
  readonly kept: number;
  /** Undefined after a write that accepted every point. */
  readonly lastError: string | undefined;
}

interface CountedWrites {
  counts(): WriteCounts;
  /** Passes a write's verdict or error on. The message of an error is redacted unless the signal aborted. */
  count(write: Promise<Verdict>, signal: AbortSignal, countsOf: (verdict: Verdict) => ValueCounts): Promise<Verdict>;
}

export function countedWrites(redactText = (text: string): string => text): CountedWrites {
  const counts = { accepted: 0, rejected: 0, kept: 0, lastError: undefined as string | undefined };
  return {
    counts: () => ({ ...counts }),
    async count(write, signal, countsOf) {
      try {
        const verdict = await write;
        const { accepted, rejected, kept } = countsOf(verdict);
        counts.accepted += accepted;
        counts.rejected += rejected;
        counts.kept += kept;
        counts.lastError = verdict.kept[0]?.reason ?? verdict.rejected[0]?.reason;
        return verdict;
      } catch (error) {
        counts.lastError = redactText((error as Error).message);
        throw Object.assign(error as Error, signal.aborted ? {} : { message: counts.lastError });
      }
    },
  };
}
