// Hashes tokens with SHA-256 and compares the hashes in constant time. Tokens are stored only as hashes.

import { hash, timingSafeEqual } from 'node:crypto';

export type TokenHash = Buffer;

/** Goes through a string: `Buffer.from` uses Node's pool, where a separate allocation would double the cost. */
export function hashOf(token: string): TokenHash {
  return Buffer.from(hash('sha256', token, 'binary'), 'latin1');
}

/** Compares with every hash, found or not, so that the time tells nothing. */
export function isAmong(digest: TokenHash, known: readonly TokenHash[]): boolean {
  let found = 0;
  for (const each of known) found |= Number(timingSafeEqual(each, digest));
  return found === 1;
}
