// What a POST to the simulated OpenTSDB's /api/query may ask: TSQuery and its sub queries, checked as OpenTSDB 2.4 checks them.

import { aggregatorNames } from './aggregators.ts';
import { type Downsample, readDownsample } from './downsample.ts';
import { readFilters, type TagFilter } from './filters.ts';

/** A query that OpenTSDB refuses with 400; the message is its own. */
export class RefusedQuery extends Error {
  override readonly name = 'RefusedQuery';
}

export interface SubQuery {
  readonly index: number;
  readonly metric: string;
  readonly aggregator: string;
  readonly downsample: Downsample | undefined;
  readonly filters: readonly TagFilter[];
  /** Only series that have the filters' tags and no others. */
  readonly isExplicit: boolean;
}

export interface Question {
  /** Milliseconds since 1970 UTC, both ends included. */
  readonly startMs: number;
  readonly endMs: number;
  readonly inMilliseconds: boolean;
  readonly showsQuery: boolean;
  readonly queries: readonly SubQuery[];
}

/** Members that are understood; the real one knows others, which nothing of ours sends. */
const ofQuestion = ['start', 'end', 'queries', 'msResolution', 'globalAnnotations', 'showQuery'];
const ofSubQuery = ['metric', 'aggregator', 'downsample', 'filters', 'tags', 'explicitTags'];

/**
 * Reads the body.
 *
 * @param nowMs - the end where none is given
 * @throws RefusedQuery, in OpenTSDB's words where it refuses, in ours for what is not simulated: rates, expressions, TSUIDs, relative times
 */
export function readQuestion(text: string, nowMs: number): Question {
  const { start, end, queries, msResolution = false, showQuery = false, ...others } = members(parsed(text), ofQuestion);
  if (start === undefined || start === null || start === '') throw new RefusedQuery('Missing start time');
  const startMs = timeMs(start);
  const endMs = end === undefined || end === null ? nowMs : timeMs(end);
  if (endMs <= startMs) throw new RefusedQuery(`End time [${endMs}] must be greater than the start time [${startMs}]`);
  if (!Array.isArray(queries) || queries.length === 0) throw new RefusedQuery('Missing queries');
  for (const flag of [msResolution, showQuery, others['globalAnnotations'] ?? false]) {
    if (typeof flag !== 'boolean') throw new RefusedQuery('Unable to parse the given JSON');
  }
  return {
    startMs,
    endMs,
    inMilliseconds: msResolution === true,
    showsQuery: showQuery === true,
    queries: queries.map(readSubQuery),
  };
}

function readSubQuery(given: unknown, index: number): SubQuery {
  const { metric, aggregator, downsample, filters, tags, explicitTags = false } = members(given, ofSubQuery);
  if (typeof aggregator !== 'string' || aggregator === '') throw new RefusedQuery('Missing the aggregation function');
  if (!aggregatorNames.includes(aggregator)) throw new RefusedQuery(`No such aggregation function: ${aggregator}`);
  if (typeof metric !== 'string' || metric === '')
    throw new RefusedQuery('Missing the metric or tsuids, provide at least one');
  return {
    index,
    metric,
    aggregator,
    downsample: downsample === undefined || downsample === '' ? undefined : readDownsample(downsample, refuse),
    filters: readFilters(filters, tags, refuse),
    isExplicit: explicitTags === true,
  };
}

function refuse(message: string): never {
  throw new RefusedQuery(message);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RefusedQuery('Unable to parse the given JSON');
  }
}

function members(value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RefusedQuery('Unable to parse the given JSON');
  const strange = Object.keys(value).find((name) => !known.includes(name));
  if (strange !== undefined) throw new RefusedQuery(`${strange}: not understood by the simulator`);
  return value as Record<string, unknown>;
}

/** Absolute times alone: ten digits or fewer are seconds. */
function timeMs(given: unknown): number {
  const text = String(given);
  if (!/^\d{1,13}$/.test(text)) throw new RefusedQuery(`${text}: only absolute times are understood by the simulator`);
  return text.length <= 10 ? Number(text) * 1000 : Number(text);
}
