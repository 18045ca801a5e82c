// Answers the simulated OpenTSDB's /api/query out of the points that it remembers.

import type { DataPoint, Tags } from '../../../model/point.ts';
import { errorAnswer, type HttpAnswer, jsonAnswer } from '../answers.ts';
import type { UidKind } from '../uids.ts';
import { interpolationOf, reduced } from './aggregators.ts';
import { downsampled, type Series } from './downsample.ts';
import { type Question, readQuestion, RefusedQuery, type SubQuery } from './question.ts';

/** What a query looks into. */
export interface Queried {
  points(): readonly DataPoint[];
  /** Whether a name has been given a UID. */
  isKnown(kind: UidKind, name: string): boolean;
  nowMs(): number;
}

interface OneSeries {
  readonly tags: Tags;
  readonly values: Series;
}

/** Only POST is simulated, which is what Grafana sends. */
export function answerQuery(
  queried: Queried,
  { method, text }: { readonly method: string; readonly text: string },
): HttpAnswer {
  if (method !== 'POST')
    return errorAnswer(405, 'Method not allowed', `The HTTP method [${method}] is not permitted for this endpoint`);
  try {
    const question = readQuestion(text, queried.nowMs());
    return jsonAnswer(
      200,
      question.queries.flatMap((query) => answers(queried, question, query)),
    );
  } catch (error) {
    if (error instanceof RefusedQuery) return errorAnswer(400, error.message);
    throw error;
  }
}

function answers(queried: Queried, question: Question, query: SubQuery): object[] {
  checkNames(queried, query);
  const { startMs, endMs, inMilliseconds, showsQuery } = question;
  const found = seriesOf(queried.points(), query, startMs, endMs);
  // Without milliseconds, a series has one value a second.
  const { aggregator, downsample = inMilliseconds ? undefined : secondly(query) } = query;
  const thinOut = (values: Series): Series =>
    downsample === undefined ? values : downsampled(values, downsample, startMs, endMs);
  const thinned = found.map(({ tags, values }) => ({ tags, values: thinOut(values) }));
  const groups = aggregator === 'none' ? thinned.map((one) => [one]) : grouped(thinned, query);
  return groups.map((group) => ({
    metric: query.metric,
    ...tagsOf(group),
    ...(showsQuery && { query: { index: query.index, metric: query.metric, aggregator } }),
    dps: asDps(merged(group, aggregator), inMilliseconds),
  }));
}

function asDps(series: Series, inMilliseconds: boolean): Readonly<Record<string, number | 'NaN'>> {
  const entries = [...series].map(
    ([atMs, value]) => [inMilliseconds ? atMs : Math.floor(atMs / 1000), Number.isNaN(value) ? 'NaN' : value] as const,
  );
  return Object.fromEntries(entries);
}

const secondly = ({ aggregator }: SubQuery) =>
  ({ intervalMs: 1000, aggregator: aggregator === 'none' ? 'sum' : aggregator, fill: 'none' }) as const;

function checkNames({ isKnown }: Queried, { metric, filters }: SubQuery): void {
  const check = (kind: UidKind, name: string): void => {
    if (!isKnown(kind, name))
      throw new RefusedQuery(`No such name for '${kind === 'metric' ? 'metrics' : kind}': '${name}'`);
  };
  check('metric', metric);
  for (const { tagk, literals } of filters) {
    check('tagk', tagk);
    for (const literal of literals) check('tagv', literal);
  }
}

function seriesOf(
  points: readonly DataPoint[],
  { metric, filters, isExplicit }: SubQuery,
  startMs: number,
  endMs: number,
): OneSeries[] {
  const wanted = filters.map(({ tagk }) => tagk);
  const found = new Map<string, { readonly tags: Tags; readonly values: Map<number, number> }>();
  for (const { metric: name, timestamp, unit, value, tags } of points) {
    const atMs = unit === 's' ? timestamp * 1000 : timestamp;
    if (name !== metric || atMs < startMs || atMs > endMs || !filters.every(({ matches }) => matches(tags))) continue;
    if (isExplicit && Object.keys(tags).some((tag) => !wanted.includes(tag))) continue;
    const key = JSON.stringify(Object.entries(tags).toSorted());
    const series = found.get(key) ?? { tags, values: new Map<number, number>() };
    found.set(key, series);
    series.values.set(atMs, Number(value));
  }
  return [...found.values()].map(({ tags, values }) => ({
    tags,
    values: new Map([...values].toSorted(([one], [other]) => one - other)),
  }));
}

function grouped(series: readonly OneSeries[], { filters }: SubQuery): OneSeries[][] {
  const keys = filters.filter(({ isGroupedBy }) => isGroupedBy).map(({ tagk }) => tagk);
  const groups = new Map<string, OneSeries[]>();
  for (const one of series) {
    const group = JSON.stringify(keys.map((key) => one.tags[key]));
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  return [...groups.values()];
}

/** Tags that all of them share with one value, and the names of those that differ. */
function tagsOf(group: readonly OneSeries[]): { readonly tags: Tags; readonly aggregateTags: readonly string[] } {
  const [first] = group;
  const shared = Object.entries(first?.tags ?? {}).filter(([tag, value]) =>
    group.every(({ tags }) => tags[tag] === value),
  );
  const everywhere = Object.keys(first?.tags ?? {}).filter((tag) => group.every(({ tags }) => tags[tag] !== undefined));
  return {
    tags: Object.fromEntries(shared),
    aggregateTags: everywhere.filter((tag) => !shared.some(([one]) => one === tag)),
  };
}

/** At every instant that one of them has a value at, the values of all, interpolated as the function wants it. */
function merged(group: readonly OneSeries[], aggregator: string): Series {
  const [first] = group;
  if (group.length === 1 || aggregator === 'none') return first?.values ?? new Map();
  const instants = [...new Set(group.flatMap(({ values }) => [...values.keys()]))].toSorted(
    (one, other) => one - other,
  );
  const curves = group.map(({ values }) => curve(values, aggregator));
  return new Map(
    instants.map((atMs) => [
      atMs,
      reduced(
        aggregator,
        curves.map((valueAt) => valueAt(atMs)),
      ),
    ]),
  );
}

/** The value of a series at an instant; NaN where it says nothing, which is before its first and after its last. */
function curve(values: Series, aggregator: string): (atMs: number) => number {
  const interpolation = interpolationOf(aggregator);
  const entries = [...values];
  return (atMs) => {
    const own = values.get(atMs);
    if (own !== undefined) return own;
    if (interpolation === 'zero') return 0;
    const nextAt = entries.findIndex(([one]) => one > atMs);
    const before = entries[nextAt - 1];
    const after = entries[nextAt];
    if (before === undefined || after === undefined || interpolation === 'none') return NaN;
    if (interpolation === 'before') return before[1];
    return before[1] + ((after[1] - before[1]) * (atMs - before[0])) / (after[0] - before[0]);
  };
}
