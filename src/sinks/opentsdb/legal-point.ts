// Keeps from OpenTSDB what it would refuse, store under another name, or take for a command.

import type { DataPoint } from '../../point.ts';

/** tsd.storage.max_tags, unless somebody has raised it. */
const maxTags = 8;
const maxSeconds = 0xffff_ffff;
const maxMilliseconds = 9_999_999_999_999;

/**
 * What is wrong with a point, and the value found; undefined when nothing is.
 *
 * Stricter than OpenTSDB 2.4 (Tags.validateString, Tags.parseLong, TSDB.addPointInternal), which accepts letters of every
 * script and then merges the names it cannot store: a name is ASCII letters, digits and `-_./` here.
 */
export function faultOf({ metric, timestamp, unit, value, tags }: DataPoint): string | undefined {
  const pairs = Object.entries(tags);
  return (
    faultOfName('metric', metric) ??
    faultOfTime(timestamp, unit) ??
    faultOfNumber(value) ??
    (pairs.length === 0 || pairs.length > maxTags ? `tags: 1 to ${maxTags} wanted, found ${pairs.length}` : undefined) ??
    pairs.map(([name, tag]) => faultOfName('tag name', name) ?? faultOfName(`tag ${name}`, tag)).find((fault) => fault !== undefined)
  );
}

/** Whether a text is a number literal of JSON. */
export function isJsonNumber(text: string): boolean {
  return /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text);
}

function faultOfName(what: string, name: string): string | undefined {
  if (typeof name === 'string' && /^[A-Za-z0-9._/-]+$/.test(name)) return undefined;
  return `${what}: letters, digits and -_./ wanted, found ${JSON.stringify(name)?.slice(0, 100)}`;
}

/** OpenTSDB tells the unit by the size alone. */
function faultOfTime(timestamp: number, unit: DataPoint['unit']): string | undefined {
  const [least, most] = unit === 's' ? [1, maxSeconds] : [maxSeconds + 1, maxMilliseconds];
  if (Number.isSafeInteger(timestamp) && timestamp >= least && timestamp <= most) return undefined;
  return `timestamp: an integer from ${least} to ${most} (${unit}) wanted, found ${timestamp}`;
}

/** Text without point and exponent is a 64-bit integer to OpenTSDB. */
function faultOfNumber(value: string): string | undefined {
  const isNumber = typeof value === 'string' && value.length <= 400 && isJsonNumber(value) && Number.isFinite(Number(value));
  const fits = isNumber && (/[.eE]/.test(value) || BigInt.asIntN(64, BigInt(value)) === BigInt(value));
  if (fits) return undefined;
  return `value: a finite decimal number wanted, found ${JSON.stringify(value)?.slice(0, 100)}`;
}
