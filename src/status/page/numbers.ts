// Numbers, durations and times as people read them.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const shortTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const dayTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** 12345.6 → 12,346, and below ten with a decimal. */
export function count(value: number): string {
  return (value < 10 ? tenths : whole).format(value);
}

/** A duration such as 4.2 ms or 158 ms; a dash when there is none. */
export function milliseconds(ms: number | null | undefined): string {
  return ms === undefined || ms === null ? '–' : `${count(ms)} ms`;
}

/** A share in per cent; a dash of nothing. */
export function share(part: number, of: number): string {
  return of === 0 ? '–' : `${tenths.format((part / of) * 100)} %`;
}

/** How long something lasts or is ago: 12 s, 5 min, 3.2 h, 2 days. */
export function age(ms: number | undefined): string {
  if (ms === undefined) return '–';
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 90) return `${count(seconds)} s`;
  if (seconds < 5400) return `${whole.format(seconds / 60)} min`;
  return seconds < 129_600 ? `${tenths.format(seconds / 3600)} h` : `${tenths.format(seconds / 86_400)} days`;
}

export function bytes(value: number): string {
  const unit = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value < 1 ? 0 : Math.min(unit.length - 1, Math.floor(Math.log2(value) / 10));
  return `${count(value / 1024 ** power)} ${unit[power]}`;
}

/** In the reader's own time zone. */
export function time(ms: number): string {
  return clockTime.format(ms);
}

/** Without the seconds. */
export function minute(ms: number): string {
  return shortTime.format(ms);
}

export function day(ms: number): string {
  return dayTime.format(ms);
}
