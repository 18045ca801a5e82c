// Formats numbers, durations and times as human-readable text.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const shortTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const dayTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** 12345.6 → 12,346. Below ten with a decimal. */
export function count(value: number): string {
  return (value < 10 ? tenths : whole).format(value);
}

export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** 4.2 ms, 158 ms. A dash when undefined. */
export function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${count(ms)} ms`;
}

/** In percent. A dash when the whole is 0. */
export function share(part: number, of: number): string {
  return of === 0 ? '–' : `${tenths.format((part / of) * 100)} %`;
}

/** 12 s, 5 min, 3.2 h, 2 days. */
export function age(ms: number | undefined): string {
  if (ms === undefined) return '–';
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 90) return `${count(seconds)} s`;
  if (seconds < 5400) return `${whole.format(seconds / 60)} min`;
  return seconds < 129_600 ? `${tenths.format(seconds / 3600)} h` : `${tenths.format(seconds / 86_400)} days`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${count(value / 1024 ** power)} ${units[power]}`;
}

/** In the time zone of the browser. */
export function time(ms: number): string {
  return clockTime.format(ms);
}

export function minute(ms: number): string {
  return shortTime.format(ms);
}

export function day(ms: number): string {
  return dayTime.format(ms);
}
