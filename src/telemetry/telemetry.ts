// The bridge's own counters. The daemon makes them once and passes them to the parts that count.
//
// Outlets, spool and sources have separate counters; snapshots.ts joins them.

import type { Clock } from '../runtime/clock.ts';
import type { Deliver } from '../model/point.ts';
import type { Sink } from '../model/sink.ts';
import { durationHistogram, type DurationSnapshot } from '../runtime/duration-histogram.ts';
import { countedSink, type WriteSnapshot } from '../outlet/sink-counts.ts';
import { countedSource, type SourceSnapshot } from './source-counts.ts';
import { type ProcessStats, processStatsWatch, type ProcessStatsSnapshot } from './process-stats.ts';

export interface Telemetry {
  /** Wraps the Deliver of a source and counts its deliveries under the name. */
  source(name: string, deliver: Deliver): Deliver;
  /** Wraps a sink and counts and times its writes. */
  sink(sink: Sink): Sink;
  /** Adds the writes of a sink that another thread counts. */
  watchSink(writes: () => WriteSnapshot): void;
  /** Called for each push with the time from its headers to its answer. */
  readonly pushAnswered: (ms: number) => void;
  /** Called for each push that is answered 5xx. */
  readonly pushRefused: (reason: string) => void;
  /** Called when the points of a sink are dropped that was not configured for a week. */
  readonly removedSinkLost: (points: number) => void;
  /** Called when the bridge stops accepting pushes. */
  stopping(): void;
  /** Samples the event loop lag until the signal. */
  run(signal: AbortSignal): Promise<void>;
  counts(): TelemetryCounts;
}

/** Since the start of the process; times are ms since 1970 UTC. */
export interface TelemetryCounts {
  readonly startedAtMs: number;
  readonly isStopping: boolean;
  readonly sources: readonly SourceSnapshot[];
  readonly writes: readonly WriteSnapshot[];
  readonly answerTimes: DurationSnapshot;
  /** The last push that was answered 5xx. */
  readonly lastRefusal: { readonly atMs: number; readonly reason: string } | undefined;
  readonly pointsOfRemovedSinks: number;
  readonly process: ProcessStatsSnapshot | undefined;
}

interface TelemetryOptions {
  readonly clock: Clock;
  readonly processStats?: ProcessStats | undefined;
}

export function telemetry({ clock, processStats }: TelemetryOptions): Telemetry {
  const startedAtMs = clock.now();
  const sources: (() => SourceSnapshot)[] = [];
  const sinks: (() => WriteSnapshot)[] = [];
  const answerTimes = durationHistogram();
  const statsWatch = processStats && processStatsWatch(processStats, clock);
  let pointsOfRemovedSinks = 0;
  let lastRefusal: TelemetryCounts['lastRefusal'];
  let isStopping = false;
  return {
    source(name, deliver) {
      const counted = countedSource(name, deliver, clock);
      sources.push(counted.snapshot);
      return counted.deliver;
    },
    sink(sink) {
      const counted = countedSink(sink, clock);
      sinks.push(counted.snapshot);
      return counted.sink;
    },
    watchSink: (writes) => void sinks.push(writes),
    pushAnswered: answerTimes.add,
    pushRefused: (reason) => void (lastRefusal = { atMs: clock.now(), reason }),
    removedSinkLost: (points) => void (pointsOfRemovedSinks += points),
    stopping: () => void (isStopping = true),
    run: async (signal) => statsWatch?.run(signal),
    counts: () => ({
      startedAtMs,
      isStopping,
      sources: sources.map((snapshot) => snapshot()),
      writes: sinks.map((snapshot) => snapshot()),
      answerTimes: answerTimes.snapshot(),
      lastRefusal,
      pointsOfRemovedSinks,
      process: statsWatch?.snapshot(),
    }),
  };
}
