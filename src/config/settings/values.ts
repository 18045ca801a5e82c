// How the text of a setting becomes its value. Each function throws an Error that says what it expected and what it found.

/** What a value may look like in a configuration file, as JSON Schema: a pattern is about texts, a minimum about numbers. */
export type Form = Readonly<Record<string, unknown>>;

/** Reads a text. Throws an Error that says what was expected and what was found. Without a form: any text or number. */
export type Parse<T> = ((text: string) => T) & { readonly form?: Form };

/** One of several words. */
export function choice<const T extends string>(words: readonly T[]): Parse<T> {
  const parse = (text: string): T => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined)
      throw expected(words.length === 2 ? words.join(' or ') : `one of ${words.join(', ')}`, text);
    return word;
  };
  return Object.assign(parse, { form: { enum: words } });
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
export function bytes(min: string): Parse<number> {
  const minimum = bytesOf(min) ?? 0;
  const parse = (text: string): number => {
    const size = bytesOf(text);
    if (size === undefined) throw expected('a number of bytes such as 8192, 512MiB or 4GB', text);
    if (size < minimum) throw expected(`at least ${min}`, text);
    return size;
  };
  const pattern = '^\\d+(\\.\\d+)? ?([kKmMgGtT][iI]?)?[bB]?$';
  return Object.assign(parse, { form: { type: ['integer', 'string'], minimum, pattern } });
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
hours.form = {
  type: ['number', 'string'],
  minimum: 0.25,
  maximum: 168,
  pattern: '^\\d+(\\.\\d+)? ?([hHdDmM]|[mM][iI][nN])?$',
};

const secondsOfUnit: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600 };

/** A time between two of something, such as 30s, 5m or 1h, in ms; `min` and `max` themselves written that way. */
export function pause(min: string, max: string): (text: string) => number {
  return (text) => {
    const ms = pauseMs(text);
    if (ms === undefined) throw expected('a time with its unit such as 30s, 5m or 1h', text);
    if (ms < (pauseMs(min) ?? 0) || ms > (pauseMs(max) ?? Infinity)) throw expected(`from ${min} to ${max}`, text);
    return ms;
  };
}

function pauseMs(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(text) ?? [];
  const factor = secondsOfUnit[(unit ?? '?').toLowerCase()];
  return factor === undefined ? undefined : Math.round(Number(digits) * factor * 1000);
}

/** A number of days from 1 to 3650. */
export function days(text: string): number {
  const value = Number(text);
  if (!/^\d{1,4}$/.test(text) || value < 1 || value > 3650) throw expected('a number of days from 1 to 3650', text);
  return value;
}
days.form = { type: ['integer', 'string'], minimum: 1, maximum: 3650, pattern: '^\\d{1,4}$' };

/** A whole number between two others, both included. */
export function wholeNumber(least: number, most: number): Parse<number> {
  const parse = (text: string): number => {
    const value = Number(text);
    if (!/^\d{1,16}$/.test(text) || value < least || value > most)
      throw expected(`a whole number from ${least} to ${most}`, text);
    return value;
  };
  return Object.assign(parse, {
    form: { type: ['integer', 'string'], minimum: least, maximum: most, pattern: '^\\d{1,16}$' },
  });
}

/** A number of things that there may be at once, from 1 to a million. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^\d{1,7}$/.test(text) || value < 1 || value > 1e6) throw expected('a number from 1 to 1000000', text);
  return value;
}

/** An id of Catchpoint's. */
export function id(text: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw expected('an id, an integer from 1 to 2^53-1', text);
  return value;
}

/** What stands before every metric's name: letters that OpenTSDB keeps apart, with something to put a dot after. */
export function metricPrefix(text: string): string {
  if (!/^[A-Za-z0-9._/-]{1,64}$/.test(text) || text.endsWith('.')) {
    throw expected('1 to 64 of the characters A-Z a-z 0-9 . _ / -, and no dot at the end', text);
  }
  return text;
}
metricPrefix.form = { type: ['string', 'number'], maxLength: 64, pattern: '^[A-Za-z0-9._/-]*[A-Za-z0-9_/-]$' };

/** A secret: one line, never quoted. */
export function secret(text: string): string {
  const line = text.trim();
  if (line === '') throw new Error('expected one line of text, found nothing');
  if (/\p{Cc}/u.test(line)) throw new Error('expected one line of text, found several or control characters');
  return line;
}

/** `user:password`; the password may hold colons. Never quoted. */
export function userAndPassword(text: string): string {
  const pair = secret(text);
  if (pair.indexOf(':') < 1) throw new Error('expected user:password, found a text without a user and a colon');
  return pair;
}

/** What stands before names, with a dot behind it: characters that print, none of which ends a name. Never quoted. */
export function prefix(text: string): string {
  if (!/^(?!\.)[!-:<-~]{1,100}(?<!\.)$/.test(text))
    throw new Error('expected 1 to 100 characters that print, no space and no ;, and no dot at an end');
  return text;
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
yesOrNo.form = {
  type: ['boolean', 'integer', 'string'],
  minimum: 0,
  maximum: 1,
  pattern: '^([tT][rR][uU][eE]|[yY][eE][sS]|[oO][nN]|[fF][aA][lL][sS][eE]|[nN][oO]|[oO][fF][fF]|[01])$',
};

/** The error of a text that is not what a setting takes. */
export function expected(what: string, found: string): Error {
  const quoted = JSON.stringify(found.length > 80 ? `${found.slice(0, 80)}…` : found);
  return new Error(`expected ${what}, found ${quoted}`);
}
