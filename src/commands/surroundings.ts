// What main hands over of the process, so that nothing else has to touch it.

import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Clock } from '../clock.ts';
import type { Environment } from '../settings/origins.ts';

/** A stream that people may be looking at. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** A stream that somebody may be typing into. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export interface Surroundings {
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
  /** Aborts when the process is asked to end. */
  readonly stop: AbortSignal;
  /** Aborts when it is asked again. */
  readonly hurry: AbortSignal;
}

/** What a command does; resolves with the exit code. */
export type Action = (command: Command) => Promise<number>;

/** Makes of an action what commander calls, and keeps its exit code. */
export type Bound = (action: Action) => (...given: unknown[]) => Promise<void>;
