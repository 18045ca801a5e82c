// Reads single fields out of untrusted JSON. None of these functions throws.

/** The own member of an object. Undefined for a missing or inherited member, and for a value that is not an object. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** The value at the end of a path of member names. */
export function memberAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce(member, value);
}

/** A finite number, from a number or from decimal text. Catchpoint's templates render every value as text. */
export function finiteNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * 30 years in milliseconds, or a terabyte. A larger value counts as not measured: VictoriaMetrics stores a block of
 * values with one exponent, so a single 1e300 would turn its neighbours to zero.
 */
const maxQuantity = 1e12;

/** A duration, a count or a share: a finite number from 0 to 10^12. */
export function quantity(value: unknown): number | undefined {
  const number = finiteNumber(value);
  return number !== undefined && number >= 0 && number <= maxQuantity ? number : undefined;
}

/** An integer from 1 to 2^53−1, such as Catchpoint's ids. Text must be digits only. */
export function positiveInteger(value: unknown): number | undefined {
  const number = typeof value === 'string' && !/^\d+$/.test(value) ? undefined : finiteNumber(value);
  return number !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** The number of an autonomous system (RFC 6793: 32 bits). */
export function asNumber(value: unknown): number | undefined {
  const number = positiveInteger(value);
  return number !== undefined && number <= 0xffff_ffff ? number : undefined;
}

export function nonBlankText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Reports whether a flag is set: 1 in Catchpoint's default JSON, "True" or "1" from a template. */
export function isFlagSet(value: unknown): boolean {
  if (typeof value === 'string') return value === '1' || value.toLowerCase() === 'true';
  return value === 1 || value === true;
}

/** A value as error messages show it, at most 80 characters. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The object without its undefined members, in the same order. */
export function withoutUndefined<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  const defined: Partial<T> = {};
  for (const name in members) if (members[name] !== undefined) defined[name] = members[name];
  return defined as T;
}
