// The handle of a worker process, which main starts.

import type { Duplex } from 'node:stream';

/** A process of this program with the command `worker`. */
export interface WorkerProcess {
  readonly pid: number;
  /** Closes when either side ends. */
  readonly channel: Duplex;
  readonly ended: Promise<WorkerExit>;
  /** Sends SIGKILL. */
  kill(): void;
}

/** Exit code or signal. Both are null when the process could not be started. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export type StartWorker = () => WorkerProcess;
