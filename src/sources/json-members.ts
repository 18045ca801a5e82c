// Reads members of parsed JSON, whose numbers may be LosslessNumber.

import { isLosslessNumber } from 'lossless-json';

/** The value at a path of member names; undefined if a member is missing. */
export function get(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  );
}

/** True for an object that is neither an array nor a number. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}
