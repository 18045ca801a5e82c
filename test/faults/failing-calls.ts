// Lets the system calls fail by which a running bridge writes its spool: strace is attached and injects the error, into the
// calls on the files of the spool's directory alone.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Closing } from './stage.ts';
import { attach, type Attached } from './strace.ts';

export interface FailingCalls {
  readonly calls: readonly string[];
  readonly error: 'EIO' | 'EROFS';
  /** The first that fails, counted by each thread for itself. */
  readonly from: number;
  /** Whether all behind it fail as well. */
  readonly isLasting: boolean;
}

/** Every call by which a file is written. */
export const writes = ['pwrite64', 'pwritev', 'pwritev2', 'write', 'writev'] as const;
const syncs = ['fdatasync', 'fsync'] as const;

/**
 * The calls of which one has returned before a push is answered 200, since it has put it on disk: lmdb is synced, a log of
 * segments is written through descriptors with O_DSYNC.
 */
export function syncingCalls(directory: string): readonly string[] {
  return filesIn(directory).includes('data.mdb') ? syncs : [...writes, ...syncs];
}

/**
 * From now on they fail, on the files that are in the directory now: a file that comes later, or gets another name, is not among
 * them.
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
