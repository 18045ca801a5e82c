// Runs a task at intervals until a signal aborts.

import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

interface ScheduleOptions {
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Runs `task` `everyMs` after the end of its previous run. An error is logged and does not stop the schedule. */
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
