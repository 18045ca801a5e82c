// Records with strace the writes and syncs of a running bridge in the directory of its spool, and its answers. A shared
// writable map is an error, since strace cannot see writes through it.

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Closing } from '../stage.ts';
import { attach } from '../strace.ts';
import type { Snapshot } from './crash.ts';
import { filesOf } from './descriptors.ts';
import { eventsOf, recordedCalls } from './events.ts';
import type { StoreEvent } from './store-event.ts';

export interface Recording {
  /** The directory at the start. */
  readonly before: Snapshot;
  /** Ends the recording; the process goes on. */
  end(): Promise<readonly StoreEvent[]>;
}

export interface Recorded {
  readonly pid: number;
  readonly directory: string;
  readonly output: string;
  readonly closing: Closing;
}

/** strace truncates longer strings, which is an error. A preallocation writes pieces of a MiB. */
const maxTextBytes = 8 << 20;
const flags = ['-xx', '-s', String(maxTextBytes), '-e', `trace=${recordedCalls}`, '-e', 'signal=none'];
const [tries, betweenMs] = [20, 250];

/**
 * Attaches to the process, which must not write meanwhile.
 *
 * @throws MissingTool if there is no strace, or no permission
 */
export async function record(row: string, { pid, directory, output, closing }: Recorded): Promise<Recording> {
  for (let left = tries; left > 0; left -= 1) {
    const marks = marksOf(directory);
    const { files, before } = filesOf(pid, directory);
    const strace = await attach(row, pid, [...flags, '-o', output], closing);
    if (marksOf(directory) === marks) {
      return {
        before,
        async end() {
          await strace.end();
          return eventsOf(linesOf(output), files);
        },
      };
    }
    await strace.end();
    await pause(betweenMs);
  }
  throw new Error(`${directory} is written all the time: where the recording would begin cannot be told`);
}

/** Returns the files with their times of change. */
function marksOf(directory: string): string {
  const names = readdirSync(directory).toSorted();
  return names.map((name) => `${name} ${statSync(join(directory, name), { bigint: true }).mtimeNs}`).join('\n');
}

/** Reads the lines of a file that may be too large for one string. */
function* linesOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(1 << 20);
    let rest = '';
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      const lines = (rest + chunk.toString('latin1', 0, count)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(file);
  }
}
