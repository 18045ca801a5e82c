// Counts the series, names and points of runs that have taken place, such as those of an archive.

import { hash } from 'node:crypto';
import { expanded } from '../../../model/factored-points.ts';
import type { DataPoint } from '../../../model/point.ts';
import type { Measurement } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import type { Slicer } from '../slices.ts';
import type { Family, Forecast } from './forecast.ts';

export interface CountedRuns {
  /** Cuts a run as the bridge would, and counts what comes out. */
  add(measurement: Measurement, node: Node | undefined): void;
  runs(): number;
  forecast(): Forecast;
}

/** A Set holds no more. */
const mostSeries = 16_000_000;

/** What has been seen so far. */
interface Seen {
  readonly tests: Set<number>;
  readonly nodes: Set<number>;
  /** How many points a run of each sort has: runs of one sort have the same series. */
  readonly sorts: Map<string, number>;
  /** By 52 bits of each series' hash. */
  readonly series: Set<number>;
  readonly families: Map<string, { readonly metrics: Set<string>; series: number }>;
  readonly seriesOf: Map<string, number>;
  readonly tagk: Set<string>;
  readonly tagv: Set<string>;
  readonly pointsByMinute: Map<number, number>;
  runs: number;
  points: number;
  tags: number;
  firstMs: number;
  lastMs: number;
}

/** @param prefix - what stands before every metric's name */
export function countedRuns(slice: Slicer, prefix: string): CountedRuns {
  const seen: Seen = {
    tests: new Set(),
    nodes: new Set(),
    sorts: new Map(),
    series: new Set(),
    families: new Map(),
    seriesOf: new Map(),
    tagk: new Set(),
    tagv: new Set(),
    pointsByMinute: new Map(),
    runs: 0,
    points: 0,
    tags: 0,
    firstMs: Infinity,
    lastMs: -Infinity,
  };
  return {
    add(measurement, node) {
      const sort = sortOf(measurement);
      let points = seen.sorts.get(sort);
      if (points === undefined) {
        const cut = expanded(slice(measurement, node));
        points = cut.length;
        seen.sorts.set(sort, points);
        for (const point of cut) addSeries(seen, point, prefix);
      }
      addRun(seen, measurement, points);
    },
    runs: () => seen.runs,
    forecast: () => forecastOf(seen),
  };
}

/** Runs of a sort differ in nothing but time and values. */
function sortOf({ testId, nodeId, asn, error, rttMs, totalMs, testName, labels, extras = [] }: Measurement): string {
  return JSON.stringify([
    testId,
    nodeId,
    asn,
    error,
    rttMs === undefined,
    totalMs === undefined,
    testName,
    labels,
    extras.map(([name]) => name),
  ]);
}

function addRun(seen: Seen, { testId, nodeId, timeMs }: Measurement, points: number): void {
  const minute = Math.floor(timeMs / 60_000);
  seen.tests.add(testId);
  seen.nodes.add(nodeId);
  seen.runs += 1;
  seen.points += points;
  seen.firstMs = Math.min(seen.firstMs, timeMs);
  seen.lastMs = Math.max(seen.lastMs, timeMs);
  seen.pointsByMinute.set(minute, (seen.pointsByMinute.get(minute) ?? 0) + points);
}

function addSeries(seen: Seen, { metric, tags }: DataPoint, prefix: string): void {
  const series = Number.parseInt(hash('sha1', JSON.stringify([metric, tags]), 'hex').slice(0, 13), 16);
  if (seen.series.has(series) || seen.series.size >= mostSeries) return;
  seen.series.add(series);
  seen.seriesOf.set(metric, (seen.seriesOf.get(metric) ?? 0) + 1);
  const name = metric.slice(prefix.length + 1).replace(/\.by_.*$/s, '');
  const family = seen.families.get(name) ?? { metrics: new Set<string>(), series: 0 };
  seen.families.set(name, family);
  family.metrics.add(metric);
  family.series += 1;
  seen.tags = Math.max(seen.tags, Object.keys(tags).length);
  for (const [key, value] of Object.entries(tags)) {
    seen.tagk.add(key);
    seen.tagv.add(value);
  }
}

function forecastOf(seen: Seen): Forecast {
  const spanSeconds = (seen.lastMs - seen.firstMs) / 1000;
  const perSecond = (count: number): number | undefined => (spanSeconds > 0 ? count / spanSeconds : undefined);
  let mostSeriesOfAMetric = 0;
  let busiest = 0;
  for (const count of seen.seriesOf.values()) mostSeriesOfAMetric = Math.max(mostSeriesOfAMetric, count);
  for (const count of seen.pointsByMinute.values()) busiest = Math.max(busiest, count);
  return {
    tests: seen.tests.size,
    nodes: seen.nodes.size,
    mostSeriesOfAMetric,
    tags: seen.tags,
    families: [...seen.families].map(([name, { metrics, series }]): Family => ({
      name,
      metrics: metrics.size,
      series,
    })),
    uids: {
      metric: seen.seriesOf.size,
      tagk: seen.tagk.size,
      tagv: seen.tagv.size,
    },
    runsPerSecond: perSecond(seen.runs),
    pointsPerSecond: perSecond(seen.points),
    busiestPointsPerSecond: busiest / 60,
  };
}
