// Runs a task again and again, one at a time, until the signal.

import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

export interface ScheduleOptions {
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Runs `task` after each `everyMs`. A run that throws is logged, and the next one comes all the same. */
export async function schedule(
  name: string,
  task: () => Promise<void>,
  { everyMs, clock, log, signal }: ScheduleOptions,
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(everyMs, { signal });
      await task();
    } catch (error) {
      if (signal.aborted) return;
      log.error({ task: name, reason: (error as Error).message }, 'a scheduled task failed; it comes again');
    }
  }
}
