// Counts the series, names and points of recorded runs, such as those of an archive.

import { hash } from 'node:crypto';
import { expanded } from '../../../model/factored-points.ts';
import type { DataPoint } from '../../../model/point.ts';
import type { Measurement } from '../measurement.ts';
import type { Node } from '../nodes/node.ts';
import type { Slicer } from '../slices.ts';
import type { Family, Forecast } from './forecast.ts';

interface CountedRuns {
  add(measurement: Measurement, node: Node | undefined): void;
  /** Number of runs. */
  runs(): number;
  forecast(): Forecast;
}

/** A Set has no room for more. */
const maxSeries = 16_000_000;

type Totals = ReturnType<typeof emptyTotals>;

function emptyTotals() {
  return {
    tests: new Set<number>(),
    nodes: new Set<number>(),
    /** Points of a run by the key of its series. */
    pointsBySeriesKey: new Map<string, number>(),
    /** 52 bits of each series' hash. */
    series: new Set<number>(),
    families: new Map<string, { readonly metrics: Set<string>; series: number }>(),
    seriesByMetric: new Map<string, number>(),
    tagk: new Set<string>(),
    tagv: new Set<string>(),
    pointsByMinute: new Map<number, number>(),
    runs: 0,
    points: 0,
    maxTags: 0,
    firstMs: Infinity,
    lastMs: -Infinity,
  };
}

/** @param prefix - first part of every metric's name */
export function countedRuns(slice: Slicer, prefix: string): CountedRuns {
  const totals = emptyTotals();
  return {
    add(measurement, node) {
      const key = seriesKey(measurement);
      let points = totals.pointsBySeriesKey.get(key);
      if (points === undefined) {
        const cut = expanded(slice(measurement, node));
        points = cut.length;
        totals.pointsBySeriesKey.set(key, points);
        for (const point of cut) addSeries(totals, point, prefix);
      }
      addRun(totals, measurement, points);
    },
    runs: () => totals.runs,
    forecast: () => forecastOf(totals),
  };
}

/** Equal for runs with the same series, which differ only in time and values. */
function seriesKey(measurement: Measurement): string {
  const { testId, nodeId, asn, error, rttMs, totalMs, testName, labels, extras = [] } = measurement;
  const [hasRtt, hasTotal] = [rttMs !== undefined, totalMs !== undefined];
  return JSON.stringify([testId, nodeId, asn, error, hasRtt, hasTotal, testName, labels, extras.map(([name]) => name)]);
}

function addRun(totals: Totals, { testId, nodeId, timeMs }: Measurement, points: number): void {
  const minute = Math.floor(timeMs / 60_000);
  totals.tests.add(testId);
  totals.nodes.add(nodeId);
  totals.runs += 1;
  totals.points += points;
  totals.firstMs = Math.min(totals.firstMs, timeMs);
  totals.lastMs = Math.max(totals.lastMs, timeMs);
  totals.pointsByMinute.set(minute, (totals.pointsByMinute.get(minute) ?? 0) + points);
}

function addSeries(totals: Totals, { metric, tags }: DataPoint, prefix: string): void {
  const series = Number.parseInt(hash('sha1', JSON.stringify([metric, tags]), 'hex').slice(0, 13), 16);
  if (totals.series.has(series) || totals.series.size >= maxSeries) return;
  totals.series.add(series);
  totals.seriesByMetric.set(metric, (totals.seriesByMetric.get(metric) ?? 0) + 1);
  const name = metric.slice(prefix.length + 1).replace(/\.by_.*$/s, '');
  const family = totals.families.get(name) ?? { metrics: new Set<string>(), series: 0 };
  totals.families.set(name, family);
  family.metrics.add(metric);
  family.series += 1;
  totals.maxTags = Math.max(totals.maxTags, Object.keys(tags).length);
  for (const [key, value] of Object.entries(tags)) {
    totals.tagk.add(key);
    totals.tagv.add(value);
  }
}

function forecastOf(totals: Totals): Forecast {
  const spanSeconds = (totals.lastMs - totals.firstMs) / 1000;
  const perSecond = (count: number): number | undefined => (spanSeconds > 0 ? count / spanSeconds : undefined);
  return {
    tests: totals.tests.size,
    nodes: totals.nodes.size,
    mostSeriesOfAMetric: largest(totals.seriesByMetric.values()),
    tags: totals.maxTags,
    families: [...totals.families].map(([name, { metrics, series }]): Family => {
      return { name, metrics: metrics.size, series };
    }),
    uids: { metric: totals.seriesByMetric.size, tagk: totals.tagk.size, tagv: totals.tagv.size },
    runsPerSecond: perSecond(totals.runs),
    pointsPerSecond: perSecond(totals.points),
    busiestPointsPerSecond: largest(totals.pointsByMinute.values()) / 60,
  };
}

function largest(counts: Iterable<number>): number {
  let max = 0;
  for (const count of counts) max = Math.max(max, count);
  return max;
}
