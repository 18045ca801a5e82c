// Whether the directories that the bridge writes to can be written.

import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { attempted, type Finding } from './finding.ts';

const fault = { code: 74, advice: "give the bridge's user a directory that it can write to" } as const;

export async function stateDirProbe({ stateDir, archive }: Config): Promise<Finding[]> {
  const found = [await attempted('state directory', fault, () => writable(stateDir))];
  return archive === undefined
    ? found
    : [...found, await attempted('archive', fault, () => writable(archive.directory))];
}

/** The file of file mode. */
export function fileProbe(path: string): Promise<Finding> {
  return attempted('file', fault, async () => {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) throw new Error(`${path}: expected a file, found a directory`);
    if (found !== undefined) await access(path, constants.W_OK);
    else await writable(dirname(path));
    return `${path}; OpenTSDB is not contacted`;
  });
}

/** The directory, or the nearest one above it that there is. */
async function writable(path: string, above = path): Promise<string> {
  try {
    if (!(await stat(above)).isDirectory()) throw new Error(`${above}: expected a directory, found something else`);
    await access(above, constants.W_OK | constants.X_OK);
    return above === path ? `${path} can be written` : `${path} can be made`;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(above) !== above;
    if (!isMissing) throw error;
    return writable(path, dirname(above));
  }
}
