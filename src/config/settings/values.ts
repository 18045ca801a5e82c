// Parsers of setting values. Each throws an Error that names the expected form and the value found.

/** The JSON Schema of a value. `pattern` applies to texts, `minimum` and `maximum` to numbers. */
export type Form = Readonly<Record<string, unknown>>;

/** Without a form the schema accepts any text or number. */
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

/** A number times the factor of its unit; NaN for another text or unit. */
function quantity(text: string, factors: Readonly<Record<string, number>>): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  return Number(digits) * (factors[String(unit).toLowerCase()] ?? NaN);
}

const byteUnits: Readonly<Record<string, number>> = {
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

/**
 * A number of bytes, such as 8192, 512MiB or 1.5GB.
 *
 * @param min - the minimum in the same notation
 */
export function bytes(min: string): Parse<number> {
  const minimum = quantity(min, byteUnits);
  const parse = (text: string): number => {
    const size = Math.floor(quantity(text, byteUnits));
    if (!Number.isSafeInteger(size)) throw expected('a number of bytes such as 8192, 512MiB or 4GB', text);
    if (size < minimum) throw expected(`at least ${min}`, text);
    return size;
  };
  const pattern = '^\\d+(\\.\\d+)? ?([kKmMgGtT][iI]?)?[bB]?$';
  return Object.assign(parse, { form: { type: ['integer', 'string'], minimum, pattern } });
}

const hourUnits: Readonly<Record<string, number>> = { '': 1, h: 1, d: 24, m: 1 / 60, min: 1 / 60 };

/** A number of hours from 0.25 to 168, such as 24, 90m, 12h or 1d. */
export function hours(text: string): number {
  const value = quantity(text, hourUnits);
  if (Number.isNaN(value)) throw expected('a number of hours such as 24, or 90m, 12h, 1d', text);
  if (value < 0.25 || value > 168) throw expected('from 15m to 7d', text);
  return value;
}
hours.form = {
  type: ['number', 'string'],
  minimum: 0.25,
  maximum: 168,
  pattern: '^\\d+(\\.\\d+)? ?([hHdDmM]|[mM][iI][nN])?$',
};

const msUnits: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, min: 60e3, h: 3600e3 };

/** An interval such as 30s, 5m or 1h, in ms. `min` and `max` have the same notation. */
export function interval(min: string, max: string): (text: string) => number {
  return (text) => {
    const ms = Math.round(quantity(text, msUnits));
    if (Number.isNaN(ms)) throw expected('a time with its unit such as 30s, 5m or 1h', text);
    if (ms < quantity(min, msUnits) || ms > quantity(max, msUnits)) throw expected(`from ${min} to ${max}`, text);
    return ms;
  };
}

/** The units of Go's time.ParseDuration in ms; the micro sign is U+00B5 or U+03BC. */
const goUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
};

/** A duration in the notation of Go's time.ParseDuration, such as 300ms, 1.5h or 1h30m, in ms. It may be negative. */
export function goDuration(text: string): number {
  const [, sign, amount = ''] = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|[u\u00b5\u03bcm]s|[smh]))+|0)$/.exec(text) ?? [];
  if (amount === '') throw expected("a duration in Go's notation such as 500ms, 60s or 1h30m", text);
  const parts = [...amount.matchAll(/([\d.]+)([a-z\u00b5\u03bc]+)/g)];
  const ms = parts.reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (goUnits[unit] ?? NaN), 0);
  return sign === '-' ? -ms : ms;
}

/** A Go duration between two others, in whole ms. */
export function goInterval(min: string, max: string): (text: string) => number {
  return (text) => {
    const ms = goDuration(text);
    if (ms < goDuration(min) || ms > goDuration(max)) throw expected(`from ${min} to ${max}`, text);
    return Math.round(ms);
  };
}

/** An integer between two others, both included. */
export function wholeNumber(minimum: number, maximum: number, what = 'a whole number', maxDigits = 16): Parse<number> {
  const pattern = `^\\d{1,${maxDigits}}$`;
  const form = new RegExp(pattern);
  const parse = (text: string): number => {
    const value = form.test(text) ? Number(text) : NaN;
    if (!(value >= minimum && value <= maximum)) throw expected(`${what} from ${minimum} to ${maximum}`, text);
    return value;
  };
  return Object.assign(parse, { form: { type: ['integer', 'string'], minimum, maximum, pattern } });
}

export const days = wholeNumber(1, 3650, 'a number of days', 4);

/** A limit on concurrent things, from 1 to a million. */
export function count(text: string): number {
  const value = Number(text);
  if (!/^\d{1,7}$/.test(text) || value < 1 || value > 1e6) throw expected('a number from 1 to 1000000', text);
  return value;
}

/** An id of Catchpoint. */
export function id(text: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw expected('an id, an integer from 1 to 2^53-1', text);
  return value;
}

/** The first part of metric names, before a dot. */
export function metricPrefix(text: string): string {
  if (!/^[A-Za-z0-9._/-]{1,64}$/.test(text) || text.endsWith('.')) {
    throw expected('1 to 64 of the characters A-Z a-z 0-9 . _ / -, and no dot at the end', text);
  }
  return text;
}
metricPrefix.form = { type: ['string', 'number'], maxLength: 64, pattern: '^[A-Za-z0-9._/-]*[A-Za-z0-9_/-]$' };

/** A secret of one line. Its errors do not quote it. */
export function secret(text: string): string {
  const line = text.trim();
  if (line === '') throw new Error('expected one line of text, found nothing');
  if (/\p{Cc}/u.test(line)) throw new Error('expected one line of text, found several or control characters');
  return line;
}

/** `user:password`; the password may contain colons. Its errors do not quote it. */
export function userAndPassword(text: string): string {
  const pair = secret(text);
  if (pair.indexOf(':') < 1) throw new Error('expected user:password, found a text without a user and a colon');
  return pair;
}

/** The secret first part of Graphite names, before a dot. Its errors do not quote it. */
export function prefix(text: string): string {
  if (!/^(?!\.)[!-:<-~]{1,100}(?<!\.)$/.test(text))
    throw new Error('expected 1 to 100 characters that print, no space and no ;, and no dot at an end');
  return text;
}

/** One word of printable characters, such as the name of a machine. */
export function printable(text: string): string {
  if (!/^[^\s\p{C}]{1,255}$/u.test(text)) throw expected('1 to 255 characters that print, and no space', text);
  return text;
}

export function path(text: string): string {
  if (text.trim() === '' || text.includes('\0')) throw expected('a path', text);
  return text;
}

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

/** The error of a text that a setting does not accept. */
export function expected(what: string, found: string): Error {
  const quoted = JSON.stringify(found.length > 80 ? `${found.slice(0, 80)}…` : found);
  return new Error(`expected ${what}, found ${quoted}`);
}
