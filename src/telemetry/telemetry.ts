// The bridge's own counters: plain numbers, made once by the daemon and passed to whoever counts.
//
// What a part counts already (an outlet, the spool, the source) is not counted here: snapshot.ts joins both.

import type { Clock } from '../runtime/clock.ts';
import type { Deliver } from '../model/point.ts';
import type { Sink } from '../model/sink.ts';
import { durationHistogram, type DurationSnapshot } from '../runtime/duration-histogram.ts';
import { countedSink, type CountedSink, type WriteSnapshot } from '../outlet/sink-counts.ts';
import { countedSource, type CountedSource, type SourceSnapshot } from './source-counts.ts';
import { type ProcessStats, processStatsWatch, type ProcessStatsSnapshot } from './process-stats.ts';

export interface Telemetry {
  /** The delivery of a source, counted under its name. */
  source(name: string, deliver: Deliver): Deliver;
  /** A sink, its writes timed and counted under its own name. */
  sink(sink: Sink): Sink;
  /** To be given what tells of the writes to a sink of another thread. */
  watchSink(seen: () => WriteSnapshot): void;
  /** To be told of each push how long it took from its head to its answer, whatever that was. */
  readonly pushAnswered: (ms: number) => void;
  /** To be told why a push was answered 5xx. */
  readonly pushRefused: (reason: string) => void;
  /** To be told of points that waited for a sink that was not configured for a week, and are gone. */
  readonly goneSinkLost: (points: number) => void;
  /** To be told that the bridge takes no more pushes and ends. */
  stopping(): void;
  /** Watches the event loop, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  counted(): Counted;
}

/** Everything that is counted here, since the start. */
export interface Counted {
  /** ms since 1970 UTC */
  readonly startedAtMs: number;
  readonly isStopping: boolean;
  readonly sources: readonly SourceSnapshot[];
  readonly writes: readonly WriteSnapshot[];
  readonly answerTimes: DurationSnapshot;
  /** The push that was answered 5xx last; undefined when none was. */
  readonly lastRefusal: { readonly atMs: number; readonly reason: string } | undefined;
  readonly goneSinkLostPoints: number;
  /** Undefined where nobody lets the process be seen. */
  readonly process: ProcessStatsSnapshot | undefined;
}

export interface TelemetryOptions {
  readonly clock: Clock;
  readonly vitals?: ProcessStats | undefined;
}

export function telemetry({ clock, vitals }: TelemetryOptions): Telemetry {
  const startedAtMs = clock.now();
  const sources: CountedSource[] = [];
  const sinks: Pick<CountedSink, 'seen'>[] = [];
  const answerTimes = durationHistogram();
  let goneSinkLostPoints = 0;
  const watch = vitals && processStatsWatch(vitals, clock);
  let lastRefusal: Counted['lastRefusal'];
  let isStopping = false;
  return {
    source: (name, deliver) => kept(sources, countedSource(name, deliver, clock)).deliver,
    sink(sink) {
      const counted = countedSink(sink, clock);
      sinks.push(counted);
      return counted.sink;
    },
    watchSink: (seen) => void sinks.push({ seen }),
    pushAnswered: answerTimes.add,
    pushRefused: (reason) => void (lastRefusal = { atMs: clock.now(), reason }),
    goneSinkLost: (points) => void (goneSinkLostPoints += points),
    stopping: () => void (isStopping = true),
    run: async (signal) => watch?.run(signal),
    counted: () => ({
      startedAtMs,
      isStopping,
      sources: sources.map(({ seen }) => seen()),
      writes: sinks.map(({ seen }) => seen()),
      answerTimes: answerTimes.seen(),
      lastRefusal,
      goneSinkLostPoints,
      process: watch?.seen(),
    }),
  };
}

function kept<One>(all: One[], one: One): One {
  all.push(one);
  return one;
}
