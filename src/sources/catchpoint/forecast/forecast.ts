// A forecast: the number of series, names and points a second of an installation.

import { type RunTagOptions, tagsWithinBudget } from '../run-tags.ts';
import type { Dimension } from '../slices.ts';

/** A family of metrics, such as all whose names begin with `catchpoint.rtt`. */
export interface Family {
  readonly name: string;
  readonly metrics: number;
  readonly series: number;
}

export interface Forecast {
  readonly tests: number;
  readonly nodes: number;
  readonly families: readonly Family[];
  /** Series of the metric with the most series. */
  readonly mostSeriesOfAMetric: number;
  /** Distinct names. OpenTSDB gives each a UID. */
  readonly uids: { readonly metric: number; readonly tagk: number; readonly tagv: number };
  /** Tags of the point with the most tags. */
  readonly tags: number;
  readonly runsPerSecond: number | undefined;
  readonly pointsPerSecond: number | undefined;
  /** Points a second in the busiest minute. Only counted forecasts have it. */
  readonly busiestPointsPerSecond?: number;
}

interface ExpectedRuns extends RunTagOptions {
  readonly tests: number;
  readonly nodes: number;
  /** Slices of all nodes together. */
  readonly slicesOfNodes: number;
  /** Distinct tag values of the slices. */
  readonly sliceValues: number;
  readonly slices: readonly Dimension[];
  readonly everyMinutes: number;
  /** Distinct error codes of a test on one node. */
  readonly errorCodes: number;
  /** Timings, byte counts and counters of a run. 0 without --timings. */
  readonly extras: number;
}

/** The most there can be: every test runs on every node, and each pair has both succeeded and failed. */
export function expectedForecast(runs: ExpectedRuns): Forecast {
  const { tests, nodes, slicesOfNodes, slices, errorCodes, extras, everyMinutes } = runs;
  const { kept } = tagsWithinBudget(runs);
  const metricsPerName = runs.testAsTag === true ? 1 : tests;
  const hasErrors = slices.includes('node');
  const family = (name: string, names: number, series: number): Family => {
    return { name, metrics: names * metricsPerName, series: series * tests };
  };
  const families = [
    family('rtt', slices.length, slicesOfNodes),
    family('status', slices.length, 2 * slicesOfNodes),
    ...(hasErrors ? [family('error', 1, nodes * errorCodes)] : []),
    ...(extras > 0 ? [family('timings and counters', slices.length * extras, slicesOfNodes * extras)] : []),
  ];
  const sliceTags = slices.filter((slice) => slice !== 'node').length;
  const testValues = kept.filter((tag) => tag === 'testid' || tag === 'testname').length * tests;
  const runsPerSecond = (tests * nodes) / (everyMinutes * 60);
  const pointsPerRun = (slicesOfNodes / nodes) * (2 + extras);
  return {
    tests,
    nodes,
    families,
    mostSeriesOfAMetric: Math.max(2, hasErrors ? errorCodes : 0) * nodes * (runs.testAsTag === true ? tests : 1),
    uids: {
      metric: families.reduce((sum, { metrics }) => sum + metrics, 0),
      tagk: sliceTags + (hasErrors ? 3 : 2) + kept.length,
      tagv: nodes + runs.sliceValues + 2 + (hasErrors ? errorCodes : 0) + testValues,
    },
    tags: (sliceTags > 0 ? 3 : 2) + kept.length,
    runsPerSecond,
    pointsPerSecond: runsPerSecond * pointsPerRun,
  };
}

/** The default width of OpenTSDB's UIDs is 3 bytes. */
export const maxUids = 2 ** 24 - 1;
/** A query reads all series of a metric, whatever tags it filters by. */
const manySeriesOfAMetric = 100_000;
/** OpenTSDB's documentation: a TSD takes thousands of writes a second. */
const manyPointsPerSecond = 5_000;

interface ForecastLimits {
  readonly maxTests: number;
  /** Labels beyond OpenTSDB's limit of tags. */
  readonly droppedTags: readonly string[];
}

export function warningsOf(forecast: Forecast, { maxTests, droppedTags }: ForecastLimits): string[] {
  const { tests, uids, mostSeriesOfAMetric, pointsPerSecond = 0 } = forecast;
  const busiest = Math.max(pointsPerSecond, forecast.busiestPointsPerSecond ?? 0);
  const warnings = Object.entries(uids).flatMap(([kind, number]) => {
    const names = `UIDs: ${number} names of the kind ${kind}`;
    if (number > maxUids) return [`${names}, and OpenTSDB has ${maxUids} (3 bytes): further ones will be refused`];
    if (number <= maxUids / 2) return [];
    return [`${names}, more than half of the ${maxUids} that OpenTSDB has (3 bytes); none is ever freed`];
  });
  if (tests > maxTests) {
    warnings.push(
      `cardinality: ${tests} tests, and --max-tests is ${maxTests}: pushes of the others become dead letters`,
    );
  }
  if (droppedTags.length > 0) warnings.push(`tags: no room for ${droppedTags.join(', ')}: OpenTSDB takes 8`);
  if (mostSeriesOfAMetric > manySeriesOfAMetric) {
    warnings.push(
      `queries: ${mostSeriesOfAMetric} series of one metric; OpenTSDB reads them all for each query of it. Fewer: the test in the metric's name, fewer slices`,
    );
  }
  if (busiest > manyPointsPerSecond) {
    warnings.push(
      `writes: ${Math.ceil(busiest)} points a second; OpenTSDB's documentation says thousands for a TSD: plan for several, and for HBase behind them`,
    );
  }
  return warnings;
}
