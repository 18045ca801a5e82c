// Real programs out of Debian's packages, unpacked below .tools/ without being installed: no root, no unit started.

import { execFile } from 'node:child_process';
import { access, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Where they are unpacked to, with a slash at the end. */
export const tools = new URL('../../../.tools/', import.meta.url).pathname;

/** Downloads packages and unpacks them; apt is asked, and where it has no list of packages, it is given one of its own. */
export async function unpack(packages: readonly string[]): Promise<void> {
  const folder = join(tools, 'packages');
  await mkdir(folder, { recursive: true });
  const own = [`Dir::State=${tools}apt/state`, `Dir::Cache=${tools}apt/cache`].flatMap((setting) => ['-o', setting]);
  try {
    await run('apt-get', ['download', ...packages], { cwd: folder });
  } catch {
    for (const path of ['state/lists/partial', 'cache/archives/partial'])
      await mkdir(join(tools, 'apt', path), { recursive: true });
    await run('apt-get', [...own, 'update'], { cwd: folder });
    await run('apt-get', [...own, 'download', ...packages], { cwd: folder });
  }
  const files = await readdir(folder);
  for (const name of packages) {
    const archive = files.find((file) => file.startsWith(`${name}_`));
    await run('dpkg-deb', ['-x', join(folder, archive ?? `${name}.deb`), tools]);
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
