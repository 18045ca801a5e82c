// What main hands over of the process, so that nothing else has to touch it.

import type { Duplex, Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Clock } from '../runtime/clock.ts';
import type { Environment } from '../config/settings/origins.ts';
import type { ProcessStats } from '../telemetry/process-stats.ts';
import type { StartOutletThread } from '../outlet/thread/messages.ts';
import type { StartWorker } from '../workers/worker-process.ts';

/** A stream that people may be looking at. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** A stream that somebody may be typing into. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export interface CommandContext {
  readonly env: Environment;
  /** For the answers to questions, and for what is piped in; opened when it is asked for. */
  readonly stdin: () => Input & Readable;
  /** For what a command was asked for. */
  readonly stdout: Output;
  /** For the log, warnings and errors. */
  readonly stderr: Output;
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  readonly pid: number;
  /** The machine's name. */
  readonly host?: string;
  /** Begins to watch the process. */
  readonly vitals?: () => ProcessStats;
  /** Starts a process that takes requests for this one; undefined: there can be none. */
  readonly startWorker?: StartWorker | undefined;
  /** Starts the thread of the outlets; undefined: they run in this one. */
  readonly startOutletThread?: StartOutletThread | undefined;
  /** Opens the way to the process that this one takes requests for; undefined: there is none. */
  readonly owner?: (() => Duplex) | undefined;
  /** Aborts when the process is asked to end. */
  readonly stop: AbortSignal;
  /** Aborts when it is asked again. */
  readonly hurry: AbortSignal;
  /** Calls the listener on each SIGHUP, which then does not end the process, unless its terminal has gone. */
  readonly onHangup?: (listener: () => void) => void;
  /** From now on, and for one that has come before, SIGHUP is `stop`. */
  readonly stopOnHangup?: () => void;
}

/** What a command does; resolves with the exit code. */
export type Action = (command: Command) => Promise<number>;

/** Makes of an action what commander calls, and keeps its exit code. */
export type Bound = (action: Action) => (...given: unknown[]) => Promise<void>;
