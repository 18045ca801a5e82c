// Stores the tokens that Catchpoint sets: hashes of the current and the previous one, in a file of the state directory.

import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { type TokenHash, hashOf } from './token-hashes.ts';

export interface RotatingTokens {
  /** Of the current and the previous token; empty before the first one. */
  digests(): readonly TokenHash[];
  /** When the current token was set, ms since 1970 UTC. */
  rotatedAtMs(): number | undefined;
  /**
   * Makes a token the current one; resolves once it is on disk. The same token again changes nothing.
   *
   * @throws the system's error when it cannot be written; the token is valid until the next restart then
   */
  rotate(token: string): Promise<void>;
}

export interface RotatingTokensOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Contents of the file: the hashes of each token, in hex. */
interface StoredTokens {
  readonly rotatedAtMs: number;
  readonly current: readonly string[];
  readonly previous: readonly string[];
}

export const rotatedTokensFileOf = (stateDir: string): string => join(stateDir, 'push-tokens.json');

/** An unreadable file counts as empty: pushes are answered 503 until the next rotation. */
export async function openRotatingTokens({ stateDir, clock, log }: RotatingTokensOptions): Promise<RotatingTokens> {
  const path = rotatedTokensFileOf(stateDir);
  let stored: StoredTokens | undefined;
  let digests: readonly TokenHash[] = [];
  function store(next: StoredTokens): void {
    stored = next;
    digests = [...next.current, ...next.previous].map((hex) => Buffer.from(hex, 'hex'));
  }
  try {
    const parsed = parseTokens(await readFile(path, 'utf8'));
    if (parsed !== undefined) store(parsed);
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
    rotatedAtMs: () => stored?.rotatedAtMs,
    async rotate(token) {
      const current = formsOf(token).map((form) => hashOf(form).toString('hex'));
      if (stored?.current[0] !== current[0])
        store({ rotatedAtMs: clock.now(), current, previous: stored?.current ?? [] });
      await writeFileAtomic(path, `${JSON.stringify({ version: 1, ...stored })}\n`, { mode: 0o600 });
    },
  };
}

/** Catchpoint's recipe puts the MD5 of the token into the URL, so both are accepted. */
function formsOf(token: string): readonly string[] {
  return [token, hash('md5', token, 'hex')];
}

function parseTokens(text: string): StoredTokens | undefined {
  const areHashes = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((each) => typeof each === 'string' && /^[0-9a-f]{64}$/.test(each));
  try {
    const { rotatedAtMs, current, previous } = JSON.parse(text) as Partial<StoredTokens>;
    const isStored = typeof rotatedAtMs === 'number' && areHashes(current) && areHashes(previous) && current.length > 0;
    return isStored ? { rotatedAtMs, current, previous } : undefined;
  } catch {
    return undefined;
  }
}
