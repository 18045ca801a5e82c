// The tokens that stand in files, read again when a file changes; of files that cannot be used the last good ones stay.

import { readFile } from 'node:fs/promises';
import type { Log } from '../../runtime/log.ts';
import { watchedFiles } from '../watched-files.ts';
import { type TokenHash, hashOf } from './token-hashes.ts';
import { tokensOfFile } from './token-syntax.ts';

export interface TokenFiles {
  digests(): readonly TokenHash[];
  /** Reads them again if they have changed. */
  look(): Promise<void>;
  /** Reads them again in any case. */
  reload(): Promise<void>;
  readonly counts: { reloads: number; failures: number };
}

/**
 * @param counts - to go on with
 * @throws an Error that names the file, when one cannot be used at the start
 */
export async function openTokenFiles(
  paths: readonly string[],
  log: Log,
  counts = { reloads: 0, failures: 0 },
): Promise<TokenFiles> {
  const files = watchedFiles(paths);
  await files.aboutToRead();
  let digests = await readAll(paths);
  async function reload(): Promise<void> {
    await files.aboutToRead();
    try {
      digests = await readAll(paths);
      counts.reloads += 1;
      log.info({ tokens: digests.length }, 'the push tokens were read again');
    } catch (error) {
      counts.failures += 1;
      log.error(
        { reason: (error as Error).message },
        'the push tokens cannot be read; those that were known stay valid',
      );
    }
  }
  return {
    digests: () => digests,
    reload: async () => (paths.length === 0 ? undefined : reload()),
    look: async () => (paths.length > 0 && (await files.look()) ? reload() : undefined),
    counts,
  };
}

async function readAll(paths: readonly string[]): Promise<TokenHash[]> {
  const texts = await Promise.all(
    paths.map((path) => readFile(path, 'utf8').catch((error: Error) => raise(path, error))),
  );
  return texts.flatMap((text, at) => {
    try {
      return tokensOfFile(text).map(hashOf);
    } catch (error) {
      return raise(paths[at] as string, error as Error);
    }
  });
}

function raise(path: string, { message }: Error): never {
  throw Object.assign(new Error(`push-token-file: ${path}: ${message}`), { exitCode: 78 });
}
