// Tokens as they are held in memory and on disk, by their SHA-256 alone, and compared in constant time.

import { hash, timingSafeEqual } from 'node:crypto';

export type Digest = Buffer;

export function digestOf(token: string): Digest {
  return hash('sha256', token, 'buffer');
}

/** Compares with every one of them, found or not, so that the time tells nothing. */
export function isAmong(digest: Digest, known: readonly Digest[]): boolean {
  let found = 0;
  for (const each of known) found |= Number(timingSafeEqual(each, digest));
  return found === 1;
}
