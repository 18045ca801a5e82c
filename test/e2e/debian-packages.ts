// Programs from Debian packages, for tests with the real ones. A package is downloaded and unpacked into .tools/,
// without root and without an installation.

import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** With a slash at the end. */
export const tools = new URL('../../../.tools/', import.meta.url).pathname;

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Downloads packages and unpacks them into `directory`. */
export async function unpack(packages: readonly string[], directory: string): Promise<void> {
  await mkdir(tools, { recursive: true });
  const folder = await mkdtemp(join(tools, 'download-'));
  try {
    await download(packages, folder);
    for (const archive of (await readdir(folder)).filter((file) => file.endsWith('.deb')))
      await run('dpkg-deb', ['-x', join(folder, archive), directory]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Uses package lists of its own if apt has none. */
async function download(packages: readonly string[], folder: string): Promise<void> {
  try {
    await run('apt-get', ['download', ...packages], { cwd: folder });
  } catch {
    for (const path of ['state/lists/partial', 'cache/archives/partial'])
      await mkdir(join(folder, 'apt', path), { recursive: true });
    const lists = ['-o', `Dir::State=${folder}/apt/state`, '-o', `Dir::Cache=${folder}/apt/cache`];
    await run('apt-get', [...lists, 'update'], { cwd: folder });
    await run('apt-get', [...lists, 'download', ...packages], { cwd: folder });
  }
}

export interface DebianTool {
  readonly package: string;
  readonly binary: string;
  /** The environment variable that may name another binary. */
  readonly variable: string;
}

/** Returns a function that locates the program, or downloads it, once. */
export function debianTool(tool: DebianTool): () => Promise<string> {
  let located: Promise<string> | undefined;
  return () => (located ??= locate(tool));
}

async function locate({ package: name, binary, variable }: DebianTool): Promise<string> {
  const unpacked = join(tools, 'usr/bin', binary);
  const onPath = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, binary));
  for (const path of [process.env[variable], ...onPath, unpacked]) {
    if (path !== undefined && (await exists(path))) return path;
  }
  try {
    await mkdir(join(tools, 'usr/bin'), { recursive: true });
    const folder = await mkdtemp(join(tools, 'unpack-'));
    await unpack([name], folder);
    // Concurrent downloads each rename a complete binary.
    await rename(join(folder, 'usr/bin', binary), unpacked);
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    throw new Error(
      `the end-to-end tests need ${binary}, and Debian's package ${name} could not be fetched (${(error as Error).message}). ` +
        `Point ${variable} at a binary, or leave the end-to-end tests out with BRIDGE_E2E=off npm test.`,
      { cause: error },
    );
  }
  return unpacked;
}
