// How the text of a setting becomes its value. Each function throws an Error that says what it expected and what it found.

/** One of several words. */
export function choice<const T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw expected(words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`, text);
    return word;
  };
}

const bytesOfUnit: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** A number of bytes, such as 8192, 512MiB or 1.5GB; at least `min`, itself written that way. */
export function bytes(min: string): (text: string) => number {
  return (text) => {
    const size = bytesOf(text);
    if (size === undefined) throw expected('a number of bytes such as 8192, 512MiB or 4GB', text);
    if (size < (bytesOf(min) ?? 0)) throw expected(`at least ${min}`, text);
    return size;
  };
}

function bytesOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = bytesOfUnit[(unit ?? '?').toLowerCase()];
  const size = factor === undefined ? NaN : Math.floor(Number(digits) * factor);
  return Number.isSafeInteger(size) ? size : undefined;
}

const hoursOfUnit: Readonly<Record<string, number>> = { '': 1, h: 1, d: 24, m: 1 / 60, min: 1 / 60 };

/** A number of hours, written as 24, 90m, 12h or 1d; from a quarter of an hour to a week. */
export function hours(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = hoursOfUnit[(unit ?? '?').toLowerCase()];
  if (factor === undefined) throw expected('a number of hours such as 24, or 90m, 12h, 1d', text);
  const value = Number(digits) * factor;
  if (value < 0.25 || value > 168) throw expected('from 15m to 7d', text);
  return value;
}

/** A number of days from 1 to 3650. */
export function days(text: string): number {
  const value = Number(text);
  if (!/^\d{1,4}$/.test(text) || value < 1 || value > 3650) throw expected('a number of days from 1 to 3650', text);
  return value;
}

/** What stands before every metric's name: letters that OpenTSDB keeps apart, with something to put a dot after. */
export function metricPrefix(text: string): string {
  if (!/^[A-Za-z0-9._/-]{1,64}$/.test(text) || text.endsWith('.')) {
    throw expected('1 to 64 of the characters A-Z a-z 0-9 . _ / -, and no dot at the end', text);
  }
  return text;
}

/** A secret: one line, never quoted. */
export function secret(text: string): string {
  const line = text.trim();
  if (line === '') throw new Error('expected one line of text, found nothing');
  if (/\p{Cc}/u.test(line)) throw new Error('expected one line of text, found several or control characters');
  return line;
}

/** A path. */
export function path(text: string): string {
  if (text.trim() === '' || text.includes('\0')) throw expected('a path', text);
  return text;
}

/** Yes or no, as the environment and files say it. */
export function yesOrNo(text: string): boolean {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  throw expected('true or false', text);
}

/** The error of a text that is not what a setting takes. */
export function expected(what: string, found: string): Error {
  const quoted = JSON.stringify(found.length > 80 ? `${found.slice(0, 80)}…` : found);
  return new Error(`expected ${what}, found ${quoted}`);
}
