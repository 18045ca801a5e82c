// Checks the file of node overrides and the files of push tokens.

import { stat } from 'node:fs/promises';
import { openTokenFiles } from '../../auth/tokens/token-files.ts';
import type { ConfigRead } from '../../config/config.ts';
import { silentLog } from '../../runtime/log.ts';
import { readOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { type Finding, okOrFault, warning } from './finding.ts';

const unusable = { code: 78, advice: 'correct the file; a start with it ends with 78' } as const;
const readableByOthers = 0o004;

export async function overridesCheck({ config }: ConfigRead): Promise<Finding[]> {
  const { nodeOverrides } = config.catchpoint;
  if (nodeOverrides === undefined) return [];
  const finding = await okOrFault(
    'node overrides',
    unusable,
    async () => `${nodeOverrides}: ${(await readOverrides(nodeOverrides)).size} nodes`,
  );
  return [{ ...finding, words: finding.words.replaceAll('\n', '; ') }];
}

export async function tokenFilesCheck({ config }: ConfigRead): Promise<Finding[]> {
  const what = 'push tokens';
  return Promise.all(
    config.access.tokenFiles.map(async (path) => {
      const finding = await okOrFault(what, unusable, async () => {
        const count = (await openTokenFiles([path], silentLog())).digests().length;
        return `${path}: ${count} ${count === 1 ? 'token' : 'tokens'}`;
      });
      const isReadableByOthers = finding.grade === 'ok' && ((await stat(path)).mode & readableByOthers) !== 0;
      if (!isReadableByOthers) return finding;
      return warning(what, `${finding.words}; everybody on the machine can read it`, `chmod 600 ${path}`);
    }),
  );
}
