// Memory, CPU time and event loop lag of the process.

import type { Clock } from '../runtime/clock.ts';

/** Main implements it. */
export interface ProcessStats {
  /** ms since 1970 UTC */
  readonly startedAtMs: number;
  memory(): ProcessMemory;
  /** CPU time since the start. */
  cpuSeconds(): number;
  /** The event loop lag since the previous call. */
  takeLag(): EventLoopLag;
}

interface ProcessMemory {
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
}

export interface EventLoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface ProcessStatsSnapshot extends ProcessMemory {
  readonly startedAtMs: number;
  readonly cpuSeconds: number;
  /** Of the last six samples of ten seconds: the mean of the means, the worst p99 and the worst maximum. */
  readonly eventLoopLag: EventLoopLag;
}

interface ProcessStatsWatch {
  /** Samples the event loop lag every ten seconds until the signal. */
  run(signal: AbortSignal): Promise<void>;
  snapshot(): ProcessStatsSnapshot;
}

const sampleEveryMs = 10_000;
const samplesKept = 6;

/** Keeps the samples of the last minute, so that every reader gets the same numbers however often it reads. */
export function processStatsWatch(stats: ProcessStats, clock: Clock): ProcessStatsWatch {
  let samples: readonly EventLoopLag[] = [];
  return {
    async run(signal) {
      for (;;) {
        try {
          await clock.sleep(sampleEveryMs, { signal });
        } catch {
          return;
        }
        samples = [...samples, stats.takeLag()].slice(-samplesKept);
      }
    },
    snapshot: () => ({
      startedAtMs: stats.startedAtMs,
      ...stats.memory(),
      cpuSeconds: stats.cpuSeconds(),
      eventLoopLag: worst(samples),
    }),
  };
}

function worst(samples: readonly EventLoopLag[]): EventLoopLag {
  return {
    meanMs: samples.reduce((sum, { meanMs }) => sum + meanMs, 0) / Math.max(1, samples.length),
    p99Ms: Math.max(0, ...samples.map(({ p99Ms }) => p99Ms)),
    maxMs: Math.max(0, ...samples.map(({ maxMs }) => maxMs)),
  };
}
