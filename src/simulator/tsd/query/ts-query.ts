// Parses and validates the body of POST /api/query: OpenTSDB 2.4's TSQuery and its sub queries.

import { aggregatorNames } from './aggregators.ts';
import { type Downsample, readDownsample } from './downsample.ts';
import { readFilters, type TagFilter } from './filters.ts';
import { type RateOptions, readRate } from './rate.ts';
import { BadRequest, invalidJson, parseJson } from '../answers.ts';

export interface SubQuery {
  readonly index: number;
  readonly metric: string;
  readonly aggregator: string;
  readonly downsample: Downsample | undefined;
  /** Undefined: values, no rates. */
  readonly rate: RateOptions | undefined;
  readonly filters: readonly TagFilter[];
}

export interface TsQuery {
  /** ms since 1970 UTC, inclusive like the end. */
  readonly startMs: number;
  readonly endMs: number;
  readonly isInMilliseconds: boolean;
  readonly showsQuery: boolean;
  readonly queries: readonly SubQuery[];
}

/** The simulated members. The bridge's dashboards use no others. */
const queryMembers = ['start', 'end', 'queries', 'msResolution', 'globalAnnotations', 'showQuery'];
const subQueryMembers = ['metric', 'aggregator', 'downsample', 'rate', 'rateOptions', 'filters'];

/**
 * Expressions, TSUIDs, explicit tags and relative times are not simulated.
 *
 * @param lastMs - the default end
 * @throws BadRequest
 */
export function readQuery(text: string, lastMs: number): TsQuery {
  const { start, end, queries, ...flags } = membersOf(parseJson(text), queryMembers);
  if (start === undefined || start === null || start === '') throw new BadRequest('Missing start time');
  const startMs = readTime(start);
  const endMs = end === undefined || end === null ? lastMs : readTime(end);
  if (endMs <= startMs) throw new BadRequest(`End time [${endMs}] must be greater than the start time [${startMs}]`);
  if (!Array.isArray(queries) || queries.length === 0) throw new BadRequest('Missing queries');
  if (!Object.values(flags).every((flag) => typeof flag === 'boolean')) throw invalidJson();
  return {
    startMs,
    endMs,
    isInMilliseconds: flags['msResolution'] === true,
    showsQuery: flags['showQuery'] === true,
    queries: queries.map(readSubQuery),
  };
}

function readSubQuery(given: unknown, index: number): SubQuery {
  const { metric, aggregator, downsample, rate, rateOptions, filters } = membersOf(given, subQueryMembers);
  if (typeof aggregator !== 'string' || aggregator === '') throw new BadRequest('Missing the aggregation function');
  if (!aggregatorNames.includes(aggregator)) throw new BadRequest(`No such aggregation function: ${aggregator}`);
  if (typeof metric !== 'string' || metric === '') {
    throw new BadRequest('Missing the metric or tsuids, provide at least one');
  }
  return {
    index,
    metric,
    aggregator,
    downsample: downsample === undefined || downsample === '' ? undefined : readDownsample(String(downsample)),
    rate: readRate(rate, rateOptions),
    filters: readFilters(filters),
  };
}

function membersOf(value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidJson();
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new BadRequest(`${unknown}: not understood by the simulator`);
  return value as Record<string, unknown>;
}

/** An absolute time. Ten digits or fewer are seconds. */
function readTime(given: unknown): number {
  const text = String(given);
  if (!/^\d{1,13}$/.test(text)) throw new BadRequest(`${text}: only absolute times are understood by the simulator`);
  return text.length <= 10 ? Number(text) * 1000 : Number(text);
}
