// Counts and times the writes to a sink, as a wrapper around it. The outlet counts the points.

import type { Clock } from '../runtime/clock.ts';
import { type Sink, batchValueCounts, valueCounts, type Verdict } from '../model/sink.ts';
import { durationHistogram, type DurationSnapshot } from '../runtime/duration-histogram.ts';

/** The writes to a sink since the start. */
export interface WriteSnapshot {
  readonly name: string;
  /** Writes that resolved with a verdict. */
  readonly answered: number;
  /** Writes that threw. */
  readonly failed: number;
  /** Of every write, answered or failed. */
  readonly durations: DurationSnapshot;
  /** Since when the sink accepts nothing, ms since 1970 UTC; undefined while it accepts something. */
  readonly failingSinceMs: number | undefined;
  /** The last write in which something was accepted or rejected, ms since 1970 UTC; undefined before the first. */
  readonly lastTakenAtMs: number | undefined;
}

/** Before the first write. */
export const noWrites: Omit<WriteSnapshot, 'name'> = {
  answered: 0,
  failed: 0,
  failingSinceMs: undefined,
  lastTakenAtMs: undefined,
  durations: { boundsSeconds: [], atMost: [], count: 0, sumSeconds: 0 },
};

export interface CountedSink {
  readonly sink: Sink;
  snapshot(): WriteSnapshot;
}

/** Wraps a sink. A write that the signal aborts is not counted. */
export function countedSink(sink: Sink, clock: Pick<Clock, 'now' | 'steady'>): CountedSink {
  const durations = durationHistogram();
  let [answered, failed] = [0, 0];
  let failingSinceMs: number | undefined;
  let lastTakenAtMs: number | undefined;

  async function counted(
    write: () => Promise<Verdict>,
    signal: AbortSignal,
    isNothingAccepted: (verdict: Verdict) => boolean,
  ): Promise<Verdict> {
    const startedMs = clock.steady();
    try {
      const verdict = await write();
      durations.add(clock.steady() - startedMs);
      answered += 1;
      if (isNothingAccepted(verdict)) {
        failingSinceMs ??= clock.now();
      } else {
        failingSinceMs = undefined;
        lastTakenAtMs = clock.now();
      }
      return verdict;
    } catch (error) {
      if (!signal.aborted) {
        durations.add(clock.steady() - startedMs);
        failed += 1;
        failingSinceMs ??= clock.now();
      }
      throw error;
    }
  }

  const write: Sink['write'] = (points, { signal }) =>
    counted(
      () => sink.write(points, { signal }),
      signal,
      (verdict) => points.length > 0 && valueCounts(points, verdict).kept === points.length,
    );
  const writeBatch: Sink['writeBatch'] = (batch, { signal }) =>
    counted(
      () => sink.writeBatch?.(batch, { signal }) ?? sink.write(batch.points, { signal }),
      signal,
      (verdict) => batch.pointCount > 0 && batchValueCounts(batch, verdict).kept === batch.pointCount,
    );
  return {
    sink: { ...sink, write, ...(sink.writeBatch !== undefined && { writeBatch }) },
    snapshot: () => ({
      name: sink.name,
      answered,
      failed,
      durations: durations.snapshot(),
      failingSinceMs,
      lastTakenAtMs,
    }),
  };
}
