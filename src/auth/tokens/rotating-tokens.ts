// The tokens that Catchpoint sets itself: the current and the previous one, whose hashes outlive a restart.

import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { type TokenHash, hashOf } from './token-hashes.ts';

export interface RotatingTokens {
  /** Of the current and the previous one; empty until the first has come. */
  digests(): readonly TokenHash[];
  /** When the current one came, ms since 1970 UTC. */
  rotatedAtMs(): number | undefined;
  /**
   * Makes a token the current one and the current one the previous; resolves when that is on disk.
   *
   * @throws the system's error when it cannot be written; it holds until the next restart then
   */
  rotate(token: string): Promise<void>;
}

export interface RotatingTokensOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A line of the file: the hashes of each token, in hex. */
interface Kept {
  readonly rotatedAtMs: number;
  readonly current: readonly string[];
  readonly previous: readonly string[];
}

export const rotatedTokensFileOf = (stateDir: string): string => join(stateDir, 'push-tokens.json');

/** A file that cannot be read counts as none: the next rotation sets it right, and pushes are told to come again. */
export async function openRotatingTokens({ stateDir, clock, log }: RotatingTokensOptions): Promise<RotatingTokens> {
  const path = rotatedTokensFileOf(stateDir);
  let kept: Kept | undefined;
  let digests: readonly TokenHash[] = [];
  function hold(next: Kept): void {
    kept = next;
    digests = [...next.current, ...next.previous].map((hex) => Buffer.from(hex, 'hex'));
  }
  try {
    const read = keptIn(await readFile(path, 'utf8'));
    if (read !== undefined) hold(read);
    else log.error({ file: path }, 'the tokens that Catchpoint set cannot be understood; pushes wait for the next one');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      log.error(
        { file: path, reason: message },
        'the tokens that Catchpoint set cannot be read; pushes wait for the next one',
      );
  }
  return {
    digests: () => digests,
    rotatedAtMs: () => kept?.rotatedAtMs,
    async rotate(token) {
      const current = formsOf(token).map((form) => hashOf(form).toString('hex'));
      if (kept?.current[0] !== current[0]) hold({ rotatedAtMs: clock.now(), current, previous: kept?.current ?? [] });
      await writeFileAtomic(path, `${JSON.stringify({ version: 1, ...kept })}\n`, { mode: 0o600 });
    },
  };
}

/** Catchpoint's own recipe puts the MD5 of a token into the URL; it is accepted beside the token itself. */
function formsOf(token: string): readonly string[] {
  return [token, hash('md5', token, 'hex')];
}

function keptIn(text: string): Kept | undefined {
  const areHashes = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((each) => typeof each === 'string' && /^[0-9a-f]{64}$/.test(each));
  try {
    const { rotatedAtMs, current, previous } = JSON.parse(text) as Partial<Kept>;
    const isKept = typeof rotatedAtMs === 'number' && areHashes(current) && areHashes(previous) && current.length > 0;
    return isKept ? { rotatedAtMs, current, previous } : undefined;
  } catch {
    return undefined;
  }
}
