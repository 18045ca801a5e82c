// Parses Catchpoint's timestamps: yyyyMMddHHmmssfff, always in UTC.

/**
 * Milliseconds since 1970 UTC. Undefined unless the text is 17 digits that name a real moment.
 * A leap second counts as the first second of the next minute.
 */
export function timestampMs(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length !== 17) return undefined;
  const year = digits(value, 0, 4);
  const month = digits(value, 4, 6);
  const day = digits(value, 6, 8);
  const hour = digits(value, 8, 10);
  const minute = digits(value, 10, 12);
  const second = digits(value, 12, 14);
  const millisecond = digits(value, 14, 17);
  if (!(year >= 1000 && hour <= 23 && minute <= 59 && second <= 60 && millisecond >= 0)) return undefined;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined;
  return Date.UTC(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
}

const [zero, nine] = [0x30, 0x39];

/** The number of the decimal digits, or NaN if a character is not a digit. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code < zero || code > nine) return NaN;
    number = number * 10 + code - zero;
  }
  return number;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
