// Whether the files of push tokens can be used, and whether others than their owner can read them.

import { stat } from 'node:fs/promises';
import { openTokenFiles } from '../../auth/tokens/token-files.ts';
import type { Config } from '../../config/config.ts';
import { silentLog } from '../../runtime/log.ts';
import { attempted, doubtful, type Finding } from './finding.ts';

const what = 'push tokens';
const fault = { code: 78, advice: 'correct the file; a start with it ends with 78' } as const;
const readableByOthers = 0o004;

export async function tokenFilesProbe({ access: { tokenFiles } }: Config): Promise<Finding[]> {
  return Promise.all(
    tokenFiles.map(async (path) => {
      const finding = await attempted(what, fault, async () => {
        const count = (await openTokenFiles([path], silentLog())).digests().length;
        return `${path}: ${count} ${count === 1 ? 'token' : 'tokens'}`;
      });
      const isOpen = finding.grade === 'ok' && ((await stat(path)).mode & readableByOthers) !== 0;
      return isOpen
        ? doubtful(what, `${finding.words}; everybody on the machine can read it`, `chmod 600 ${path}`)
        : finding;
    }),
  );
}
