// The writes to a sink, timed and counted on their way.

import type { Clock } from '../runtime/clock.ts';
import { type Sink, talliedBatch, talliedValues, type Verdict } from '../model/sink.ts';
import { type DurationHistogram, durationHistogram, type DurationSnapshot } from '../runtime/duration-histogram.ts';

/** The writes to a sink since the start; what became of the points counts its outlet. */
export interface WriteSnapshot {
  readonly name: string;
  /** Writes that were answered with a verdict. */
  readonly answered: number;
  /** Writes that nobody answered, or whose answer ruled on nothing. */
  readonly failed: number;
  /** Of every write, answered or not. */
  readonly durations: DurationSnapshot;
  /** Since when nothing is taken, ms since 1970 UTC; undefined while something is. */
  readonly failingSinceMs: number | undefined;
  /** When something was taken last, ms since 1970 UTC; undefined before the first time. */
  readonly lastTakenAtMs: number | undefined;
}

/** Before the first write. */
export const noWrites: Omit<WriteSnapshot, 'name'> = {
  answered: 0,
  failed: 0,
  failingSinceMs: undefined,
  lastTakenAtMs: undefined,
  durations: {
    boundsSeconds: [],
    atMost: [],
    count: 0,
    sumSeconds: 0,
  },
};

export interface CountedSink {
  readonly sink: Sink;
  seen(): WriteSnapshot;
}

interface Counting {
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  readonly times: DurationHistogram;
  answered: number;
  failed: number;
  failingSinceMs: number | undefined;
  lastTakenAtMs: number | undefined;
}

/** The same sink, its writes counted. A write that is given up at the end of the run counts as none. */
export function countedSink(sink: Sink, clock: Pick<Clock, 'now' | 'steady'>): CountedSink {
  const state: Counting = {
    clock,
    times: durationHistogram(),
    answered: 0,
    failed: 0,
    failingSinceMs: undefined,
    lastTakenAtMs: undefined,
  };
  const write: Sink['write'] = (points, { signal }) =>
    counted(
      state,
      signal,
      () => sink.write(points, { signal }),
      (verdict) => points.length > 0 && talliedValues(points, verdict).kept === points.length,
    );
  const writeBatch: Sink['writeBatch'] = (batch, { signal }) => {
    const isNothingTaken = (verdict: Verdict): boolean =>
      batch.pointCount > 0 && talliedBatch(batch, verdict).kept === batch.pointCount;
    return counted(
      state,
      signal,
      () => sink.writeBatch?.(batch, { signal }) ?? sink.write(batch.points, { signal }),
      isNothingTaken,
    );
  };
  return {
    sink: { ...sink, write, ...(sink.writeBatch !== undefined && { writeBatch }) },
    seen: () => ({
      name: sink.name,
      answered: state.answered,
      failed: state.failed,
      durations: state.times.seen(),
      failingSinceMs: state.failingSinceMs,
      lastTakenAtMs: state.lastTakenAtMs,
    }),
  };
}

async function counted(
  state: Counting,
  signal: AbortSignal,
  write: () => Promise<Verdict>,
  isNothingTaken: (verdict: Verdict) => boolean,
): Promise<Verdict> {
  const { clock, times } = state;
  const startedMs = clock.steady();
  try {
    const verdict = await write();
    times.add(clock.steady() - startedMs);
    state.answered += 1;
    if (isNothingTaken(verdict)) failing(state);
    else taken(state);
    return verdict;
  } catch (error) {
    if (!signal.aborted) {
      times.add(clock.steady() - startedMs);
      state.failed += 1;
      failing(state);
    }
    throw error;
  }
}

function failing(state: Counting): void {
  state.failingSinceMs ??= state.clock.now();
}

function taken(state: Counting): void {
  state.failingSinceMs = undefined;
  state.lastTakenAtMs = state.clock.now();
}
