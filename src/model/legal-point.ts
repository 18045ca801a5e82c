// What a legal point is: keeps from a sink what its far side would refuse, store under another name, or take for a command.

import type { DataPoint, Tags } from './point.ts';

/** A name as OpenTSDB keeps it apart from others. */
const openTsdbName = /^[A-Za-z0-9._/-]+$/;
/** tsd.storage.max_tags, unless somebody has raised it. */
export const maxTags = 8;
const maxSeconds = 0xffff_ffff;
const maxMilliseconds = 9_999_999_999_999;

/** Where a far side takes more than OpenTSDB does. */
export interface PointRules {
  readonly metricForm?: RegExp;
  readonly minTags?: number;
}

/**
 * What is wrong with a point, and the value found; undefined when nothing is.
 *
 * Stricter than OpenTSDB 2.4 (Tags.validateString, Tags.parseLong, TSDB.addPointInternal), which accepts letters of every
 * script and then merges the names it cannot store: a name is ASCII letters, digits and `-_./` here.
 *
 * @param rules - what else a metric's name may be, its tags being as above; and whether a name may do without tags
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

/** Whether a text is a name as OpenTSDB keeps it apart from others. */
export function isPlainName(text: string): boolean {
  return typeof text === 'string' && openTsdbName.test(text);
}

/** Whether a text is a number literal of JSON. */
function isJsonNumber(text: string): boolean {
  return /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text);
}

function faultOfName(what: string, name: string, form = openTsdbName, of = ''): string | undefined {
  if (typeof name === 'string' && form.test(name)) return undefined;
  return `${of === '' ? what : `${what} ${of}`}: ${form === openTsdbName ? 'letters, digits and -_./' : 'characters that print and no space'} wanted, found ${JSON.stringify(name)?.slice(0, 100)}`;
}

/** A loop, for this is asked of each point that goes out. */
function faultOfTags(tags: Tags, minTags: number): string | undefined {
  let count = 0;
  for (const name in tags) {
    const fault = faultOfName('tag name', name) ?? faultOfName('tag', tags[name] as string, openTsdbName, name);
    if (fault !== undefined) return fault;
    count += 1;
  }
  return count < minTags || count > maxTags ? `tags: ${minTags} to ${maxTags} wanted, found ${count}` : undefined;
}

/** What is wrong with a timestamp. OpenTSDB tells the unit by the size alone. */
export function faultOfTime(timestamp: number, unit: DataPoint['unit']): string | undefined {
  const [least, most] = unit === 's' ? [1, maxSeconds] : [maxSeconds + 1, maxMilliseconds];
  if (Number.isSafeInteger(timestamp) && timestamp >= least && timestamp <= most) return undefined;
  return `timestamp: an integer from ${least} to ${most} (${unit}) wanted, found ${timestamp}`;
}

/** What is wrong with a value. Text without point and exponent is a 64-bit integer to OpenTSDB. */
export function faultOfNumber(value: string): string | undefined {
  const isNumber =
    typeof value === 'string' && value.length <= 400 && isJsonNumber(value) && Number.isFinite(Number(value));
  const fits = isNumber && (/[.eE]/.test(value) || BigInt.asIntN(64, BigInt(value)) === BigInt(value));
  if (fits) return undefined;
  return `value: a finite decimal number wanted, found ${JSON.stringify(value)?.slice(0, 100)}`;
}
