// Tokens as they are held in memory and on disk, by their SHA-256 alone, and compared in constant time.

import { hash, timingSafeEqual } from 'node:crypto';

export type TokenHash = Buffer;

/** By way of a text, whose bytes fit into Node's pool: a buffer of its own costs as much again as the hash. */
export function hashOf(token: string): TokenHash {
  return Buffer.from(hash('sha256', token, 'binary'), 'latin1');
}

/** Compares with every one of them, found or not, so that the time tells nothing. */
export function isAmong(digest: TokenHash, known: readonly TokenHash[]): boolean {
  let found = 0;
  for (const each of known) found |= Number(timingSafeEqual(each, digest));
  return found === 1;
}
