// What the process gives to its workers, and to itself where it is one; made by main alone.

import type { Duplex } from 'node:stream';

/** A worker as its owner has it: a process of this program with the command `worker`. */
export interface WorkerProcess {
  readonly pid: number;
  /** Ends when either of the two does. */
  readonly channel: Duplex;
  readonly ended: Promise<WorkerEnd>;
  /** By SIGKILL. */
  kill(): void;
}

/** The exit code, or the signal that ended it; both null: it could not be started. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Starts a worker that listens, beside all others, on whichever address it is told. */
export type StartWorker = () => WorkerProcess;

/** How long a worker may need to end once its owner is gone, or has told it to. */
export const lastMomentMs = 1_000;
