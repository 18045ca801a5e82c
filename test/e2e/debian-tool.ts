// A program out of a Debian package, for the tests that want the real one.
//
// It is looked for where a variable of the environment says, on the PATH and in .tools/; when it is nowhere, the package is
// downloaded and unpacked there, without being installed: no root, no unit started.

import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const tools = new URL('../../../.tools/', import.meta.url).pathname;

export interface DebianTool {
  readonly package: string;
  readonly binary: string;
  /** The variable that may name another one. */
  readonly variable: string;
}

/** Where the program is; looked for, and fetched where need be, once. Rejects with what can be done about it. */
export function debianTool(tool: DebianTool): () => Promise<string> {
  let found: Promise<string> | undefined;
  return () => (found ??= locate(tool));
}

async function locate(tool: DebianTool): Promise<string> {
  const { binary, variable } = tool;
  const unpacked = join(tools, 'usr/bin', binary);
  const onPath = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, binary));
  for (const path of [process.env[variable], ...onPath, unpacked]) {
    if (path !== undefined && (await exists(path))) return path;
  }
  try {
    await fetchInto(unpacked, tool);
  } catch (error) {
    throw new Error(
      `the end-to-end tests need ${binary}, and Debian's package ${tool.package} could not be fetched (${(error as Error).message}). ` +
        `Point ${variable} at a binary, or leave the end-to-end tests out with BRIDGE_E2E=off npm test.`,
      { cause: error },
    );
  }
  return unpacked;
}

/** The binary comes to its place whole, however many processes fetch it at once. */
async function fetchInto(path: string, { package: name, binary }: DebianTool): Promise<void> {
  await mkdir(join(tools, 'usr/bin'), { recursive: true });
  const folder = await mkdtemp(join(tools, `fetch-${name}-`));
  try {
    await download(name, folder);
    const archive = (await readdir(folder)).find((file) => file.startsWith(`${name}_`));
    await run('dpkg-deb', ['-x', join(folder, archive ?? `${name}.deb`), join(folder, 'unpacked')]);
    await rename(join(folder, 'unpacked/usr/bin', binary), path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Asks apt for the package; where it has no list of packages, it is given one of its own. */
async function download(name: string, folder: string): Promise<void> {
  const own = [`Dir::State=${folder}/apt/state`, `Dir::Cache=${folder}/apt/cache`].flatMap((setting) => [
    '-o',
    setting,
  ]);
  try {
    await run('apt-get', ['download', name], { cwd: folder });
  } catch {
    for (const path of ['state/lists/partial', 'cache/archives/partial'])
      await mkdir(join(folder, 'apt', path), { recursive: true });
    await run('apt-get', [...own, 'update'], { cwd: folder });
    await run('apt-get', [...own, 'download', name], { cwd: folder });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
