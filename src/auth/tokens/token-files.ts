// Push tokens from the files of --push-token-file.

import { readFile } from 'node:fs/promises';
import type { Log } from '../../runtime/log.ts';
import { type Reloadable, type ReloadCounts, reloadingFiles, usingFile } from '../reloading-files.ts';
import { type TokenHash, hashOf } from './token-hashes.ts';
import { tokensOfFile } from './token-syntax.ts';

export interface TokenFiles extends Reloadable {
  digests(): readonly TokenHash[];
}

/**
 * @param counts - of the token files before a change of the setting; they continue
 * @throws an Error with exit code 78 that names the file, when one cannot be used at the start
 */
export async function openTokenFiles(paths: readonly string[], log: Log, counts?: ReloadCounts): Promise<TokenFiles> {
  const files = await reloadingFiles({
    paths,
    counts,
    load: async () => (await Promise.all(paths.map(hashesIn))).flat(),
    apply: (digests) => log.info({ tokens: digests.length }, 'the push tokens were read again'),
    failed: (reason) => log.error({ reason }, 'the push tokens cannot be read; those that were known stay valid'),
  });
  return { ...files, digests: files.current };
}

function hashesIn(path: string): Promise<TokenHash[]> {
  return usingFile('push-token-file', path, async () => tokensOfFile(await readFile(path, 'utf8')).map(hashOf));
}
