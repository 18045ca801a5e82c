// Reads members of a parsed answer of the engine. Numbers are LosslessNumber, since its counters have 64 bits.

import { isLosslessNumber } from 'lossless-json';

/** The value at a path of member names; undefined if a member is missing. */
export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isRecord(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  );
}

/** An integer from 0 to 2^64-1. Undefined for anything else: a missing member, a text, a fraction, a negative number. */
export function counterOf(value: unknown, ...path: readonly string[]): bigint | undefined {
  const found = memberOf(value, ...path);
  if (!isLosslessNumber(found) || !/^\d{1,20}$/.test(found.value)) return undefined;
  const number = BigInt(found.value);
  return number === BigInt.asUintN(64, number) ? number : undefined;
}

/** True for an object that is neither an array nor a number. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

/** The entries of an array; none for anything else. */
export function entriesOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = memberOf(value, ...path);
  return Array.isArray(found) ? found : [];
}
