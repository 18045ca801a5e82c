// The default of the spool's bound.

import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../../runtime/make-directory.ts';

const maxDefaultBytes = 4 * 2 ** 30;

/** 4 GiB, or half of the space that is free or used by the spool, whichever is less. */
export async function defaultMaxBytes(directory: string): Promise<number> {
  makeDirectory(directory, 0o700);
  const { bavail, bsize } = await statfs(directory);
  let usedBytes = 0;
  for (const file of await readdir(directory))
    usedBytes += await stat(join(directory, file)).then(
      ({ blocks }) => blocks * 512,
      () => 0,
    );
  return Math.min(maxDefaultBytes, Math.floor((bavail * bsize + usedBytes) / 2));
}
