// Answers /api/query of the simulated OpenTSDB from the points in memory.

import type { DataPoint, Tags } from '../../../model/point.ts';
import { BadRequest, type HttpAnswer, jsonAnswer, methodNotAllowed } from '../answers.ts';
import type { TsdStore } from '../store.ts';
import type { UidKind } from '../uids.ts';
import { aggregate, interpolationOf } from './aggregators.ts';
import { downsampled, type Series } from './downsample.ts';
import { rated } from './rate.ts';
import { readQuery, type SubQuery, type TsQuery } from './ts-query.ts';

interface TaggedSeries {
  readonly tags: Tags;
  readonly values: Series;
}

/**
 * Only POST is simulated, the method that Grafana uses.
 *
 * @throws BadRequest
 */
export function answerQuery(store: TsdStore, method: string, text: string): HttpAnswer {
  if (method !== 'POST') return methodNotAllowed(method);
  const lastMs = store.points().reduce((latest, point) => Math.max(latest, timeOf(point)), 0);
  const query = readQuery(text, lastMs);
  return jsonAnswer(
    200,
    query.queries.flatMap((subQuery) => answerSubQuery(store, query, subQuery)),
  );
}

/** ms since 1970 UTC */
function timeOf({ timestamp, unit }: DataPoint): number {
  return unit === 's' ? timestamp * 1000 : timestamp;
}

function answerSubQuery(store: TsdStore, query: TsQuery, subQuery: SubQuery): object[] {
  const { startMs, endMs, isInMilliseconds, showsQuery } = query;
  const { index, metric, aggregator } = subQuery;
  checkNames(store, subQuery);
  // A series without milliseconds has one value per second.
  const downsample = subQuery.downsample ?? (isInMilliseconds ? undefined : secondly(aggregator));
  const series = seriesOf(store.points(), subQuery, query).map(({ tags, values }) => {
    const thinned = downsample === undefined ? values : downsampled(values, downsample, startMs, endMs);
    return { tags, values: subQuery.rate === undefined ? thinned : rated(thinned, subQuery.rate) };
  });
  const groups = aggregator === 'none' ? series.map((single) => [single]) : grouped(series, subQuery);
  return groups.map((group) => ({
    metric,
    ...tagsOf(group),
    ...(showsQuery && { query: { index, metric, aggregator } }),
    dps: Object.fromEntries(
      [...merged(group, aggregator)].map(([atMs, value]) => [
        isInMilliseconds ? atMs : Math.floor(atMs / 1000),
        Number.isNaN(value) ? 'NaN' : value,
      ]),
    ),
  }));
}

function secondly(aggregator: string) {
  return { intervalMs: 1000, aggregator: aggregator === 'none' ? 'sum' : aggregator, fill: 'none' } as const;
}

function checkNames({ uids }: TsdStore, { metric, filters }: SubQuery): void {
  const check = (kind: UidKind, name: string): void => {
    if (uids.isKnown(kind, name)) return;
    throw new BadRequest(`No such name for '${kind === 'metric' ? 'metrics' : kind}': '${name}'`);
  };
  check('metric', metric);
  for (const { tagk, literals } of filters) {
    check('tagk', tagk);
    for (const literal of literals) check('tagv', literal);
  }
}

function seriesOf(
  points: readonly DataPoint[],
  { metric, filters }: SubQuery,
  { startMs, endMs }: TsQuery,
): TaggedSeries[] {
  const found = new Map<string, { readonly tags: Tags; readonly values: Map<number, number> }>();
  for (const point of points) {
    const { tags } = point;
    const atMs = timeOf(point);
    if (point.metric !== metric || atMs < startMs || atMs > endMs) continue;
    if (!filters.every(({ matches }) => matches(tags))) continue;
    const key = JSON.stringify(Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const series = found.get(key) ?? { tags, values: new Map<number, number>() };
    found.set(key, series);
    series.values.set(atMs, Number(point.value));
  }
  return [...found.values()].map(({ tags, values }) => ({
    tags,
    values: new Map([...values].toSorted(([a], [b]) => a - b)),
  }));
}

function grouped(series: readonly TaggedSeries[], { filters }: SubQuery): TaggedSeries[][] {
  const keys = filters.filter(({ isGroupedBy }) => isGroupedBy).map(({ tagk }) => tagk);
  const groups = new Map<string, TaggedSeries[]>();
  for (const single of series) {
    const key = JSON.stringify(keys.map((tagk) => single.tags[tagk]));
    groups.set(key, [...(groups.get(key) ?? []), single]);
  }
  return [...groups.values()];
}

/** The tags with one value in the whole group, and the names of those with several. */
function tagsOf(group: readonly TaggedSeries[]): { readonly tags: Tags; readonly aggregateTags: readonly string[] } {
  const names = Object.keys(group[0]?.tags ?? {}).filter((tag) => group.every(({ tags }) => tags[tag] !== undefined));
  const shared = names.filter((tag) => new Set(group.map(({ tags }) => tags[tag])).size === 1);
  return {
    tags: Object.fromEntries(shared.map((tag) => [tag, group[0]?.tags[tag] ?? ''])),
    aggregateTags: names.filter((tag) => !shared.includes(tag)),
  };
}

/** Aggregates at each time at which a series of the group has a value. The others are interpolated. */
function merged(group: readonly TaggedSeries[], aggregator: string): Series {
  if (group.length === 1) return group[0]?.values ?? new Map();
  const times = new Set(group.flatMap(({ values }) => [...values.keys()]));
  const interpolated = group.map(({ values }) => interpolation(values, aggregator));
  return new Map(
    [...times]
      .toSorted((a, b) => a - b)
      .map((atMs) => {
        const values = interpolated.map((valueAt) => valueAt(atMs));
        return [atMs, aggregate(aggregator, values)];
      }),
  );
}

/** NaN before the first value and after the last. */
function interpolation(values: Series, aggregator: string): (atMs: number) => number {
  const kind = interpolationOf(aggregator);
  const entries = [...values];
  return (atMs) => {
    const exact = values.get(atMs);
    if (exact !== undefined) return exact;
    if (kind === 'zero') return 0;
    const nextAt = entries.findIndex(([otherMs]) => otherMs > atMs);
    const previous = entries[nextAt - 1];
    const next = entries[nextAt];
    if (previous === undefined || next === undefined || kind === 'none') return NaN;
    if (kind === 'previous') return previous[1];
    return previous[1] + ((next[1] - previous[1]) * (atMs - previous[0])) / (next[0] - previous[0]);
  };
}
