// The context that main passes to the daemon: clock, randomness, log, process id, and starters of workers and threads.

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Reloading } from '../config/reload.ts';
import type { ProcessStats } from '../telemetry/process-stats.ts';
import type { StartOutletThread } from '../outlet/thread/messages.ts';
import type { StartWorker } from '../workers/worker-process.ts';

/** Tests pass their own in place of the process. */
export interface ProcessContext {
  readonly clock: Clock;
  /** Returns a number in [0, 1), as Math.random does. */
  readonly random: () => number;
  readonly log: Log;
  /** A second daemon on the same state directory is refused with a message that names this id. */
  readonly pid: number;
  /** The version of the program. */
  readonly version?: string;
  /** The host name of the machine. */
  readonly host?: string | undefined;
  /** Memory, CPU time and event loop lag. Without it the `process_*` and `event_loop_lag_*` metrics are absent. */
  readonly processStats?: ProcessStats | undefined;
  /** Starts a worker process. Without it --workers is an error. */
  readonly startWorker?: StartWorker | undefined;
  /** Starts the outlet thread. Without it the outlets run on the main thread. */
  readonly startOutletThread?: StartOutletThread | undefined;
  /** The parts that can change while they run register here. Without it every change needs a restart. */
  readonly reloading?: Reloading;
}
