// Reads single fields out of a body that anybody may have sent: whatever stands there, none of these throws.

/** The member of an object, or undefined when there is none, when it is inherited, or when it is no object at all. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** The value at the end of a path of member names. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce(member, value);
}

/** A finite number, from a number or from its decimal text; templates render every value as text. */
export function finiteNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * What is larger was not measured: 30 years in milliseconds, a terabyte. VictoriaMetrics keeps the values of a series in blocks
 * with one exponent, so that a single 1e300 would turn its neighbours to zero.
 */
const largestQuantity = 1e12;

/** A finite number that is not negative and not absurd: a duration, a count, a share. */
export function quantity(value: unknown): number | undefined {
  const number = finiteNumber(value);
  return number !== undefined && number >= 0 && number <= largestQuantity ? number : undefined;
}

/** An integer from 1 to 2^53−1, as Catchpoint's ids and AS numbers are; as text, nothing but digits. */
export function positiveInteger(value: unknown): number | undefined {
  const number = typeof value === 'string' && !/^\d+$/.test(value) ? undefined : finiteNumber(value);
  return number !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** The number of an autonomous system (RFC 6793: 32 bits). */
export function asNumber(value: unknown): number | undefined {
  const number = positiveInteger(value);
  return number !== undefined && number <= 0xffff_ffff ? number : undefined;
}

/** Text that is not blank. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Whether a flag is set: 1 in Catchpoint's own JSON, "True" or "1" in the rendering of a template. */
export function isSet(value: unknown): boolean {
  if (typeof value === 'string') return value === '1' || value.toLowerCase() === 'true';
  return value === 1 || value === true;
}

/** A value as it was found, short enough for an error message. */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}
