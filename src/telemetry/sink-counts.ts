// The writes to a sink, timed and counted on their way.

import type { Clock } from '../clock.ts';
import { type Sink, talliedValues } from '../sink.ts';
import { type Durations, durations, type DurationsSeen } from './durations.ts';

/** The writes to a sink since the start; what became of the points counts its outlet. */
export interface WritesSeen {
  readonly name: string;
  /** Writes that were answered with a verdict. */
  readonly answered: number;
  /** Writes that nobody answered, or whose answer ruled on nothing. */
  readonly failed: number;
  /** Of every write, answered or not. */
  readonly durations: DurationsSeen;
  /** Since when nothing is taken, ms since 1970 UTC; undefined while something is. */
  readonly failingSinceMs: number | undefined;
  /** When something was taken last, ms since 1970 UTC; undefined before the first time. */
  readonly lastTakenAtMs: number | undefined;
}

/** Before the first write. */
export const noWrites: Omit<WritesSeen, 'name'> = {
  ...{ answered: 0, failed: 0, failingSinceMs: undefined, lastTakenAtMs: undefined },
  durations: { boundsSeconds: [], atMost: [], count: 0, sumSeconds: 0 },
};

export interface CountedSink {
  readonly sink: Sink;
  seen(): WritesSeen;
}

interface Counting {
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  readonly times: Durations;
  answered: number;
  failed: number;
  failingSinceMs: number | undefined;
  lastTakenAtMs: number | undefined;
}

/** The same sink, its writes counted. A write that is given up at the end of the run counts as none. */
export function countedSink(sink: Sink, clock: Pick<Clock, 'now' | 'steady'>): CountedSink {
  const state: Counting = { clock, times: durations(), answered: 0, failed: 0, failingSinceMs: undefined, lastTakenAtMs: undefined };
  return {
    sink: { ...sink, write: (points, options) => write(state, sink, points, options) },
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

async function write(state: Counting, sink: Sink, ...[points, options]: Parameters<Sink['write']>): ReturnType<Sink['write']> {
  const { clock, times } = state;
  const startedMs = clock.steady();
  try {
    const verdict = await sink.write(points, options);
    times.add(clock.steady() - startedMs);
    state.answered += 1;
    if (points.length > 0 && talliedValues(points, verdict).kept === points.length) failing(state);
    else taken(state);
    return verdict;
  } catch (error) {
    if (!options.signal.aborted) {
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
