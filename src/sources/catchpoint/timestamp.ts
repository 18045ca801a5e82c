// Reads Catchpoint's timestamps, yyyyMMddHHmmssfff in UTC, whatever zone the process lives in.

/**
 * Milliseconds since 1970 UTC, or undefined when the text is not seventeen digits that name a moment.
 * A leap second counts as the first second of the next minute.
 */
export function timestampMs(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{17}$/.test(value)) return undefined;
  const year = Number(value.slice(0, 4));
  const month = Number(value.slice(4, 6));
  const day = Number(value.slice(6, 8));
  const hour = Number(value.slice(8, 10));
  const minute = Number(value.slice(10, 12));
  const second = Number(value.slice(12, 14));
  if (year < 1000 || hour > 23 || minute > 59 || second > 60) return undefined;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return undefined;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + Number(value.slice(14));
}
