// Downsampling in the simulated OpenTSDB: `5m-avg-zero` is read as DownsamplingSpecification reads it, and a series thinned out by it.

import { aggregatorNames, reduced } from './aggregators.ts';
import type { Refuse } from './filters.ts';

/** Values by their time in milliseconds, in order. */
export type Series = ReadonlyMap<number, number>;

export interface Downsample {
  readonly intervalMs: number;
  readonly aggregator: string;
  readonly fill: Fill;
}

const fills = ['none', 'nan', 'null', 'zero'] as const;
type Fill = (typeof fills)[number];

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  n: 30 * 86_400_000,
  y: 365 * 86_400_000,
};

/** `interval-function[-fill]`; calendar intervals and `0all` are not simulated. */
export function readDownsample(given: unknown, refuse: Refuse): Downsample {
  const text = String(given);
  const parts = text.split('-');
  const [interval = '', aggregator = '', fill = 'none'] = parts;
  if (parts.length < 2)
    return refuse(`Invalid downsampling specifier '${text}': must provide at least interval and function`);
  if (parts.length > 3)
    return refuse(
      `Invalid downsampling specifier '${text}': must consist of interval, function, and optional fill policy`,
    );
  const intervalMs = durationMs(interval, refuse);
  if (!aggregatorNames.includes(aggregator)) return refuse(`No such downsampling function: ${aggregator}`);
  if (aggregator === 'none') return refuse('cannot use the NONE aggregator for downsampling');
  const known = fills.find((one) => one === fill);
  if (known === undefined) return refuse(`No such fill policy: '${fill}': must be one of: ${fills.join(' ')}`);
  return { intervalMs, aggregator, fill: known };
}

/** DateTime.parseDuration: whole numbers alone. */
function durationMs(text: string, refuse: Refuse): number {
  const [, digits = '', unit = ''] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
  if (digits === '') return refuse(`Invalid duration (number): ${text}`);
  if (Number(digits) <= 0) return refuse(`Zero or negative duration: ${text}`);
  const unitMs = unitsMs[unit];
  if (unitMs === undefined) return refuse(`Invalid duration (suffix): ${text}`);
  return Number(digits) * unitMs;
}

/** A value for each interval that has any, at its beginning; a fill policy but `none` puts one into the empty ones as well. */
export function downsampled(
  series: Series,
  { intervalMs, aggregator, fill }: Downsample,
  startMs: number,
  endMs: number,
): Series {
  const buckets = new Map<number, number[]>();
  for (const [atMs, value] of series) {
    const beginMs = atMs - (atMs % intervalMs);
    const bucket = buckets.get(beginMs);
    if (bucket === undefined) buckets.set(beginMs, [value]);
    else bucket.push(value);
  }
  const filled = fill === 'zero' ? 0 : NaN;
  if (fill !== 'none') {
    for (let atMs = startMs - (startMs % intervalMs); atMs <= endMs; atMs += intervalMs)
      if (!buckets.has(atMs)) buckets.set(atMs, []);
  }
  const thinned = [...buckets].map(
    ([atMs, values]) => [atMs, values.length === 0 ? filled : reduced(aggregator, values)] as const,
  );
  return new Map(thinned.toSorted(([one], [other]) => one - other));
}
