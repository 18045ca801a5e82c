// A forecast: how many series, names and points a second an installation has, or would have.

import { type RunTagOptions, tagsWithinBudget } from '../run-tags.ts';
import type { Dimension } from '../slices.ts';

/** The series of one family of metrics, such as all that begin with `catchpoint.rtt`. */
export interface Family {
  readonly name: string;
  readonly metrics: number;
  readonly series: number;
}

export interface Forecast {
  readonly tests: number;
  readonly nodes: number;
  readonly families: readonly Family[];
  /** Of the metric that has the most. */
  readonly mostSeriesOfAMetric: number;
  /** Different names, each of which OpenTSDB gives a UID. */
  readonly uids: { readonly metric: number; readonly tagk: number; readonly tagv: number };
  /** Of the widest point. */
  readonly tags: number;
  readonly runsPerSecond: number | undefined;
  readonly pointsPerSecond: number | undefined;
  /** Points a second of the busiest minute, where that is known. */
  readonly busiestPointsPerSecond?: number;
}

export interface ExpectedRuns extends RunTagOptions {
  readonly tests: number;
  readonly nodes: number;
  /** How many slices all nodes together have, each with its by_node. */
  readonly slicesOfNodes: number;
  /** Different values of the slices' tags. */
  readonly sliceValues: number;
  readonly slices: readonly Dimension[];
  readonly everyMinutes: number;
  /** Different error codes that a node sees of a test. */
  readonly errorCodes: number;
  /** Timings, byte counts and counters of a run; 0 without --timings. */
  readonly extras: number;
}

/** What is expected at most when every test runs on every node: each pair has been ok and failed. */
export function expectedForecast(runs: ExpectedRuns): Forecast {
  const { tests, nodes, slicesOfNodes, slices, errorCodes, extras, everyMinutes } = runs;
  const { kept } = tagsWithinBudget(runs);
  const named = runs.testAsTag === true ? 1 : tests;
  const hasErrors = slices.includes('node');
  const family = (name: string, metrics: number, series: number): Family => ({
    name,
    metrics: metrics * named,
    series: series * tests,
  });
  const families = [
    family('rtt', slices.length, slicesOfNodes),
    family('status', slices.length, 2 * slicesOfNodes),
    ...(hasErrors ? [family('error', 1, nodes * errorCodes)] : []),
    ...(extras > 0 ? [family('timings and counters', slices.length * extras, slicesOfNodes * extras)] : []),
  ];
  const testValues = kept.filter((tag) => tag === 'testid' || tag === 'testname').length * tests;
  const runsPerSecond = (tests * nodes) / (everyMinutes * 60);
  const pointsOfARun = (slicesOfNodes / nodes) * (2 + extras);
  return {
    tests,
    nodes,
    families,
    mostSeriesOfAMetric: Math.max(2, hasErrors ? errorCodes : 0) * nodes * (runs.testAsTag === true ? tests : 1),
    uids: {
      metric: families.reduce((sum, { metrics }) => sum + metrics, 0),
      tagk: slices.filter((slice) => slice !== 'node').length + (hasErrors ? 3 : 2) + kept.length,
      tagv: nodes + runs.sliceValues + 2 + (hasErrors ? errorCodes : 0) + testValues,
    },
    tags: (slices.some((slice) => slice !== 'node') ? 3 : 2) + kept.length,
    runsPerSecond,
    pointsPerSecond: runsPerSecond * pointsOfARun,
  };
}

/** OpenTSDB numbers each kind of name with 3 bytes, unless it was built otherwise. */
export const mostUids = 2 ** 24 - 1;
/** A query reads all rows of a metric, whatever tags it asks for. */
const manySeriesOfAMetric = 100_000;
/** OpenTSDB's documentation: thousands of writes a second for a TSD. */
const manyPointsPerSecond = 5_000;

export interface Bounds {
  readonly maxTests: number;
  /** The labels for which there is no room. */
  readonly droppedTags: readonly string[];
}

/** What somebody ought to know of it, in words. */
export function warningsOf(forecast: Forecast, { maxTests, droppedTags }: Bounds): string[] {
  const { tests, uids, mostSeriesOfAMetric, pointsPerSecond = 0 } = forecast;
  const busiest = Math.max(pointsPerSecond, forecast.busiestPointsPerSecond ?? 0);
  const scarce = Object.entries(uids).flatMap(([kind, number]) => {
    if (number > mostUids)
      return [
        `UIDs: ${number} names of the kind ${kind}, and OpenTSDB has ${mostUids} (3 bytes): further ones will be refused`,
      ];
    return number > mostUids / 2
      ? [
          `UIDs: ${number} names of the kind ${kind}, more than half of the ${mostUids} that OpenTSDB has (3 bytes); none is ever freed`,
        ]
      : [];
  });
  const rules: readonly (readonly [holds: boolean, words: string])[] = [
    [
      tests > maxTests,
      `cardinality: ${tests} tests, and --max-tests is ${maxTests}: pushes of the others become dead letters`,
    ],
    [droppedTags.length > 0, `tags: no room for ${droppedTags.join(', ')}: OpenTSDB takes 8`],
    [
      mostSeriesOfAMetric > manySeriesOfAMetric,
      `queries: ${mostSeriesOfAMetric} series of one metric; OpenTSDB reads them all for each query of it. Fewer: the test in the metric's name, fewer slices`,
    ],
    [
      busiest > manyPointsPerSecond,
      `writes: ${Math.ceil(busiest)} points a second; OpenTSDB's documentation says thousands for a TSD: plan for several, and for HBase behind them`,
    ],
  ];
  return [...scarce, ...rules.filter(([holds]) => holds).map(([, words]) => words)];
}
