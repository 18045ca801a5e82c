// What the process gives to everything in it: time, chance, the log, and what is known of itself.

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Reloading } from '../config/reload.ts';
import type { ProcessStats } from '../telemetry/process-stats.ts';
import type { StartOutletThread } from '../outlet/thread/messages.ts';
import type { StartWorker } from '../workers/worker-process.ts';

/** What the process gives, and a test may give in its place. */
export interface ProcessContext {
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  readonly log: Log;
  /** Told to a second daemon that wants the same state directory. */
  readonly pid: number;
  /** Of the program. */
  readonly version?: string;
  /** The machine's name. */
  readonly host?: string | undefined;
  /** Lets memory, processor time and the event loop be seen. */
  readonly vitals?: ProcessStats | undefined;
  /** Starts a process that takes requests for this one; undefined: there can be none. */
  readonly startWorker?: StartWorker | undefined;
  /** Starts the thread of the outlets; undefined: they run in this one. */
  readonly startOutletThread?: StartOutletThread | undefined;
  /** Where the parts that can change while they run announce themselves; undefined: nothing changes. */
  readonly reloading?: Reloading;
}
