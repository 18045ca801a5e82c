// How much may wait where nobody has settled it.

import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../../runtime/make-directory.ts';

const mostByDefaultBytes = 4 * 2 ** 30;

/** The spool's bound where none is set: 4 GiB, or half of the space that is free or the spool's already, where that is less. */
export async function defaultMaxBytes(directory: string): Promise<number> {
  makeDirectory(directory, 0o700);
  const { bavail, bsize } = await statfs(directory);
  const files = await readdir(directory);
  const sizes = await Promise.all(
    files.map(async (file) =>
      stat(join(directory, file)).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      ),
    ),
  );
  const ownBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return Math.min(mostByDefaultBytes, Math.floor((bavail * bsize + ownBytes) / 2));
}
