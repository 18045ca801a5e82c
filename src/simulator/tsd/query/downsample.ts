// Downsampling in the simulated OpenTSDB, with the grammar of DownsamplingSpecification: `5m-avg-zero`.

import { aggregate, aggregatorNames } from './aggregators.ts';
import { BadRequest } from '../answers.ts';

/** Values by time, in ms since 1970 UTC, ascending. */
export type Series = ReadonlyMap<number, number>;

export interface Downsample {
  readonly intervalMs: number;
  readonly aggregator: string;
  readonly fill: Fill;
}

const fills = ['none', 'nan', 'null', 'zero'] as const;
type Fill = (typeof fills)[number];

const dayMs = 86_400_000;
const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: dayMs,
  w: 7 * dayMs,
  n: 30 * dayMs,
  y: 365 * dayMs,
};

/**
 * Parses `interval-function[-fill]`. Calendar intervals and `0all` are not simulated.
 *
 * @throws BadRequest
 */
export function readDownsample(text: string): Downsample {
  const parts = text.split('-');
  const [interval = '', aggregator = '', fill = 'none'] = parts;
  const invalid = `Invalid downsampling specifier '${text}': must`;
  if (parts.length < 2) throw new BadRequest(`${invalid} provide at least interval and function`);
  if (parts.length > 3) {
    throw new BadRequest(`${invalid} consist of interval, function, and optional fill policy`);
  }
  const intervalMs = readDuration(interval);
  if (!aggregatorNames.includes(aggregator)) throw new BadRequest(`No such downsampling function: ${aggregator}`);
  if (aggregator === 'none') throw new BadRequest('cannot use the NONE aggregator for downsampling');
  const known = fills.find((name) => name === fill);
  if (known === undefined) {
    throw new BadRequest(`No such fill policy: '${fill}': must be one of: ${fills.join(' ')}`);
  }
  return { intervalMs, aggregator, fill: known };
}

/** DateTime.parseDuration, which takes integers only. */
function readDuration(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
  if (digits === '') throw new BadRequest(`Invalid duration (number): ${text}`);
  if (Number(digits) <= 0) throw new BadRequest(`Zero or negative duration: ${text}`);
  const unitMs = unitsMs[unit];
  if (unitMs === undefined) throw new BadRequest(`Invalid duration (suffix): ${text}`);
  return Number(digits) * unitMs;
}

/** A value at the start of each interval that has any. A fill policy other than `none` also fills the empty intervals. */
export function downsampled(series: Series, downsample: Downsample, startMs: number, endMs: number): Series {
  const { intervalMs, aggregator, fill } = downsample;
  const starts = fill === 'none' ? [] : intervalsFrom(startMs - (startMs % intervalMs), endMs, intervalMs);
  const buckets = new Map<number, number[]>(starts.map((atMs) => [atMs, []]));
  for (const [atMs, value] of series) {
    const bucketMs = atMs - (atMs % intervalMs);
    const bucket = buckets.get(bucketMs);
    if (bucket === undefined) buckets.set(bucketMs, [value]);
    else bucket.push(value);
  }
  const empty = fill === 'zero' ? 0 : NaN;
  return new Map(
    [...buckets].map(([atMs, values]) => [atMs, values.length === 0 ? empty : aggregate(aggregator, values)]),
  );
}

function intervalsFrom(startMs: number, endMs: number, intervalMs: number): number[] {
  const count = Math.floor((endMs - startMs) / intervalMs) + 1;
  return Array.from({ length: count }, (_, index) => startMs + index * intervalMs);
}
