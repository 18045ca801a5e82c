// libfaketime out of Debian's package, with which a test moves the clock of a process: unpacked, not installed.

import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const unpackedTo = new URL('../../../.tools/faketime/', import.meta.url).pathname;

/** The path of its library; undefined where it cannot be had. */
export async function fakeTimeLibrary(): Promise<string | undefined> {
  return (await unpacked()) ?? (await download().then(unpacked, () => undefined));
}

async function unpacked(): Promise<string | undefined> {
  const entries = await readdir(unpackedTo, { recursive: true }).catch(() => []);
  const library = entries.find((entry) => entry.endsWith('/libfaketimeMT.so.1'));
  return library === undefined ? undefined : join(unpackedTo, library);
}

async function download(): Promise<void> {
  await mkdir(unpackedTo, { recursive: true });
  await run('apt-get', ['download', 'libfaketime'], { cwd: unpackedTo });
  for (const entry of await readdir(unpackedTo)) if (entry.endsWith('.deb')) await run('dpkg-deb', ['-x', entry, '.'], { cwd: unpackedTo });
}
