// Reads counters and lists of a parsed answer of the engine. Numbers are LosslessNumber, since its counters have 64 bits.

import { isLosslessNumber } from 'lossless-json';
import { get } from '../../json-members.ts';

/** An integer from 0 to 2^64-1. Undefined for anything else: a missing member, a text, a fraction, a negative number. */
export function counterOf(value: unknown, ...path: readonly string[]): bigint | undefined {
  const found = get(value, ...path);
  if (!isLosslessNumber(found) || !/^\d{1,20}$/.test(found.value)) return undefined;
  const number = BigInt(found.value);
  return number === BigInt.asUintN(64, number) ? number : undefined;
}

/** The entries of an array; none for anything else. */
export function entriesOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = get(value, ...path);
  return Array.isArray(found) ? found : [];
}
