// Makes the system calls fail with which a running bridge writes its spool. strace injects the error into the calls on
// the files of the spool's directory.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Closing } from './stage.ts';
import { attach, type Attached } from './strace.ts';

export interface FailingCalls {
  readonly calls: readonly string[];
  readonly error: 'EIO' | 'EROFS';
  /** The first call to fail, counted for each thread. */
  readonly from: number;
  /** All later calls fail, too. */
  readonly isLasting: boolean;
}

/** Every call that writes to a file. */
export const writes = ['pwrite64', 'pwritev', 'pwritev2', 'write', 'writev'] as const;
const syncs = ['fdatasync', 'fsync'] as const;

/**
 * The calls that put a push on disk before its 200: lmdb uses syncs, a log of segments writes through descriptors with
 * O_DSYNC.
 */
export function syncingCalls(directory: string): readonly string[] {
  return filesIn(directory).includes('data.mdb') ? syncs : [...writes, ...syncs];
}

/**
 * Affects the files that are in the directory now, by their present names.
 */
export async function failCalls(
  row: string,
  pid: number,
  directory: string,
  failing: FailingCalls,
  closing: Closing,
): Promise<Attached> {
  const { calls, error, from, isLasting } = failing;
  const paths = filesIn(directory).flatMap((name) => ['-P', join(directory, name)]);
  const flags = [
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${calls}:error=${error}:when=${from}${isLasting ? '+' : ''}`,
  ];
  return attach(row, pid, [...paths, ...flags], closing);
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
