// Finds points that a receiver would refuse, store under another name, or interpret as a command.

import type { DataPoint, Tags } from './point.ts';

/** A name that OpenTSDB stores without merging it with another one. */
const openTsdbName = /^[A-Za-z0-9._/-]+$/;
/** The default of tsd.storage.max_tags. */
export const maxTags = 8;
const maxSeconds = 0xffff_ffff;
const maxMilliseconds = 9_999_999_999_999;

/** For receivers that accept more than OpenTSDB. */
interface PointRules {
  /** The metric names that the receiver accepts. */
  readonly metricForm?: RegExp;
  readonly minTags?: number;
}

/**
 * The fault of a point and the value found, as text; undefined for a legal point.
 *
 * Stricter than OpenTSDB 2.4 (Tags.validateString, Tags.parseLong, TSDB.addPointInternal). OpenTSDB accepts letters of
 * every script and then merges the names that it cannot store. Here a name is ASCII letters, digits and `-_./`.
 */
export function faultOf(
  { metric, timestamp, unit, value, tags }: DataPoint,
  { metricForm = openTsdbName, minTags = 1 }: PointRules = {},
): string | undefined {
  return (
    faultOfName('metric', metric, metricForm) ??
    faultOfTime(timestamp, unit) ??
    faultOfNumber(value) ??
    faultOfTags(tags, minTags)
  );
}

export function isPlainName(text: string): boolean {
  return typeof text === 'string' && openTsdbName.test(text);
}

function isJsonNumber(text: string): boolean {
  return /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text);
}

function faultOfName(what: string, name: string, form = openTsdbName, of = ''): string | undefined {
  if (typeof name === 'string' && form.test(name)) return undefined;
  return `${of === '' ? what : `${what} ${of}`}: ${form === openTsdbName ? 'letters, digits and -_./' : 'characters that print and no space'} wanted, found ${JSON.stringify(name)?.slice(0, 100)}`;
}

/** A loop without arrays: it runs for every point. */
function faultOfTags(tags: Tags, minTags: number): string | undefined {
  let count = 0;
  for (const name in tags) {
    const fault = faultOfName('tag name', name) ?? faultOfName('tag', tags[name] as string, openTsdbName, name);
    if (fault !== undefined) return fault;
    count += 1;
  }
  return count < minTags || count > maxTags ? `tags: ${minTags} to ${maxTags} wanted, found ${count}` : undefined;
}

/** OpenTSDB derives the unit of a timestamp from its size. */
export function faultOfTime(timestamp: number, unit: DataPoint['unit']): string | undefined {
  const [least, most] = unit === 's' ? [1, maxSeconds] : [maxSeconds + 1, maxMilliseconds];
  if (Number.isSafeInteger(timestamp) && timestamp >= least && timestamp <= most) return undefined;
  return `timestamp: an integer from ${least} to ${most} (${unit}) wanted, found ${timestamp}`;
}

/** OpenTSDB reads a text without point and exponent as a 64-bit integer. */
export function faultOfNumber(value: string): string | undefined {
  const isNumber =
    typeof value === 'string' && value.length <= 400 && isJsonNumber(value) && Number.isFinite(Number(value));
  const fits = isNumber && (/[.eE]/.test(value) || BigInt.asIntN(64, BigInt(value)) === BigInt(value));
  if (fits) return undefined;
  return `value: a finite decimal number wanted, found ${JSON.stringify(value)?.slice(0, 100)}`;
}
