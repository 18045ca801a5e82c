// How the process is: memory, processor time, and how late its event loop is, over the last minute.

import type { Clock } from '../runtime/clock.ts';

/** What main lets others see of the process. */
export interface ProcessStats {
  /** ms since 1970 UTC */
  readonly startedAtMs: number;
  memory(): {
    readonly residentBytes: number;
    readonly heapUsedBytes: number;
    readonly heapTotalBytes: number;
    readonly externalBytes: number;
  };
  /** Processor time used since the start. */
  cpuSeconds(): number;
  /** How late the event loop was since this was asked last. */
  takeLag(): Lag;
}

export interface Lag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface ProcessStatsSnapshot {
  readonly startedAtMs: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
  readonly cpuSeconds: number;
  /** Over the last minute, in turns of ten seconds: the mean of the means, and the worst of the others. */
  readonly eventLoopLag: Lag;
}

export interface ProcessStatsWatch {
  /** Looks every ten seconds, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  seen(): ProcessStatsSnapshot;
}

const turnMs = 10_000;
const turns = 6;

/** Whoever looks, and however often, sees the same minute. */
export function processStatsWatch(vitals: ProcessStats, clock: Clock): ProcessStatsWatch {
  let lags: readonly Lag[] = [];
  return {
    async run(signal) {
      for (;;) {
        try {
          await clock.sleep(turnMs, { signal });
        } catch {
          return;
        }
        lags = [...lags, vitals.takeLag()].slice(-turns);
      }
    },
    seen: () => ({
      startedAtMs: vitals.startedAtMs,
      ...vitals.memory(),
      cpuSeconds: vitals.cpuSeconds(),
      eventLoopLag: worst(lags),
    }),
  };
}

function worst(lags: readonly Lag[]): Lag {
  return {
    meanMs: lags.reduce((sum, { meanMs }) => sum + meanMs, 0) / Math.max(1, lags.length),
    p99Ms: Math.max(0, ...lags.map(({ p99Ms }) => p99Ms)),
    maxMs: Math.max(0, ...lags.map(({ maxMs }) => maxMs)),
  };
}
