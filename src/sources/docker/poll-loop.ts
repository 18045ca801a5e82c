// Polls at a fixed rate. A poll that is due while the one before still runs is skipped and counted as late.

import { backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { DockerStatus, PollSummary } from './status.ts';

export interface PollLoop {
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  counts(): DockerStatus['polls'];
  lastPoll(): PollSummary | undefined;
}

interface PollLoopOptions {
  readonly poll: (signal: AbortSignal) => Promise<PollSummary>;
  /** The engine did not list its containers. */
  readonly onFailure: (error: Error) => void;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The longest pause before a failed poll is repeated. */
const maxPauseMs = 30_000;
/** A timer may fire so late, as a share of the interval. */
const toleratedLag = 0.25;

export function pollLoop({ poll, onFailure, pollMs, clock, random }: PollLoopOptions): PollLoop {
  const counts = { completed: 0, late: 0, failed: 0 };
  let lastPoll: PollSummary | undefined;

  /** @returns the number of failures in a row */
  async function pollOnce(failures: number, signal: AbortSignal): Promise<number> {
    try {
      lastPoll = await poll(signal);
      counts.completed += 1;
      return 0;
    } catch (error) {
      if (signal.aborted) return failures;
      counts.failed += 1;
      onFailure(error as Error);
      return failures + 1;
    }
  }

  return {
    async run(signal) {
      let dueMs = clock.steady();
      let failures = 0;
      while (!signal.aborted) {
        failures = await pollOnce(failures, signal);
        const nowMs = clock.steady();
        if (failures > 0) {
          dueMs = nowMs + backoff(failures, random, { baseMs: Math.min(1000, pollMs), capMs: maxPauseMs });
        } else {
          dueMs += pollMs;
          const late = Math.max(0, Math.ceil((nowMs - dueMs) / pollMs - toleratedLag));
          counts.late += late;
          dueMs += late * pollMs;
        }
        await clock.sleep(Math.max(0, dueMs - nowMs), { signal }).catch(() => {});
      }
    },
    counts: () => ({ ...counts }),
    lastPoll: () => lastPoll,
  };
}
