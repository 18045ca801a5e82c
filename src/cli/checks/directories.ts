// Checks that the bridge can write to the state directory, the archive and the file of file mode.

import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ConfigRead } from '../../config/config.ts';
import { type Finding, okOrFault } from './finding.ts';

const notWritable = { code: 74, advice: "give the bridge's user a directory that it can write to" } as const;

export async function directoriesCheck({ config: { stateDir, archive } }: ConfigRead): Promise<Finding[]> {
  const finding = await okOrFault('state directory', notWritable, () => writable(stateDir));
  if (archive === undefined) return [finding];
  return [finding, await okOrFault('archive', notWritable, () => writable(archive.directory))];
}

/** Checks the file that file mode writes in place of OpenTSDB. */
export function outputFileCheck(path: string): Promise<Finding> {
  return okOrFault('file', notWritable, async () => {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) throw new Error(`${path}: expected a file, found a directory`);
    if (found !== undefined) await access(path, constants.W_OK);
    else await writable(dirname(path));
    return `${path}; OpenTSDB is not contacted`;
  });
}

/** Checks the directory, or its nearest ancestor that exists. */
async function writable(path: string, ancestor = path): Promise<string> {
  try {
    if (!(await stat(ancestor)).isDirectory()) {
      throw new Error(`${ancestor}: expected a directory, found something else`);
    }
    await access(ancestor, constants.W_OK | constants.X_OK);
    return ancestor === path ? `${path} can be written` : `${path} can be made`;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(ancestor) !== ancestor;
    if (!isMissing) throw error;
    return writable(path, dirname(ancestor));
  }
}
