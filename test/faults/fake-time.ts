// libfaketime sets the clock of a process. It is the installed one, or unpacked from Debian's package.

import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MissingTool } from './missing-tool.ts';

const run = promisify(execFile);
const unpackedTo = new URL('../../../.tools/faketime/', import.meta.url).pathname;
/** Debian's path depends on the architecture: /usr/lib/x86_64-linux-gnu/faketime. */
const installedTo = '/usr/lib';
const library = 'faketime/libfaketimeMT.so.1';

/**
 * Returns the path of the library.
 *
 * @throws MissingTool
 */
export async function fakeTimeLibrary(row: string): Promise<string> {
  const there = (await installed()) ?? (await unpacked());
  if (there !== undefined) return there;
  await download().catch((error: unknown) => {
    throw new MissingTool(row, 'libfaketime', error);
  });
  const downloaded = await unpacked();
  if (downloaded === undefined) throw new MissingTool(row, 'libfaketime', `no ${library} in its package`);
  return downloaded;
}

async function installed(): Promise<string | undefined> {
  for (const entry of await readdir(installedTo, { withFileTypes: true })) {
    const isThere =
      entry.isDirectory() &&
      entry.name.includes('-linux-') &&
      (await readdir(join(installedTo, entry.name, 'faketime')).catch(() => [])).length > 0;
    if (isThere) return join(installedTo, entry.name, library);
  }
  return undefined;
}

async function unpacked(): Promise<string | undefined> {
  const entries = await readdir(unpackedTo, { recursive: true }).catch(() => []);
  const found = entries.find((entry) => entry.endsWith(`/${library}`));
  return found === undefined ? undefined : join(unpackedTo, found);
}

async function download(): Promise<void> {
  await mkdir(unpackedTo, { recursive: true });
  await run('apt-get', ['download', 'libfaketime'], { cwd: unpackedTo });
  for (const entry of await readdir(unpackedTo))
    if (entry.endsWith('.deb')) await run('dpkg-deb', ['-x', entry, '.'], { cwd: unpackedTo });
}
