// The interface to the process that main passes to commands. No other file in cli/ accesses the process.

import type { Command } from 'commander';
import type { Duplex, Readable } from 'node:stream';
import type { Environment } from '../config/settings/origins.ts';
import type { StartOutletThread } from '../outlet/thread/messages.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ProcessStats } from '../telemetry/process-stats.ts';
import type { StartWorker } from '../workers/worker-process.ts';

/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** A stream that may be a terminal's keyboard. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export interface CommandContext {
  readonly env: Environment;
  /** Opened on first use. */
  readonly stdin: () => Input & Readable;
  /** The result of a command. */
  readonly stdout: Output;
  /** Log, warnings, errors and questions. */
  readonly stderr: Output;
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  readonly pid: number;
  /** The machine's name. */
  readonly host?: string;
  /** Starts measuring the process. */
  readonly processStats?: () => ProcessStats;
  /** Starts a worker process; undefined where none can be started. */
  readonly startWorker?: StartWorker | undefined;
  /** Starts the outlets' thread; without it the outlets run on the main thread. */
  readonly startOutletThread?: StartOutletThread | undefined;
  /** Opens the pipe from a worker to the process that started it; undefined outside of a worker. */
  readonly connectToOwner?: (() => Duplex) | undefined;
  /** Aborts on the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Aborts on the second one. */
  readonly hurry: AbortSignal;
  /** Calls the listener on each SIGHUP, except for one of a closed terminal, which aborts `stop`. */
  readonly onHangup?: (listener: () => void) => void;
  /** Makes SIGHUP abort `stop`, including one that came before this call. */
  readonly stopOnHangup?: () => void;
}

/** Runs a command and resolves with its exit code. */
export type Action = (command: Command, context: CommandContext) => Promise<number>;

/** Turns an action into a handler for commander, which passes the command last, and keeps its exit code. */
export type BindAction = (action: Action) => (...args: unknown[]) => Promise<void>;
