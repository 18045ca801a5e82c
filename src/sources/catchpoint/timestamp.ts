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
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  return Date.UTC(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000 + Number(value.slice(14));
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
