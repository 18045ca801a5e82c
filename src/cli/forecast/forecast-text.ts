// A forecast as people read it: a table, the names, the rate, and what to beware of.

import { type Forecast, mostUids } from '../../sources/catchpoint/forecast/forecast.ts';
import { plainTable } from '../plain-text.ts';
import { count } from '../ticker.ts';

/** A forecast with where it comes from. */
export interface Told {
  /** Such as `50 tests on 800 nodes, every 5 minutes`. */
  readonly from: string;
  /** Counted in what took place, or at most what is expected. */
  readonly isCounted: boolean;
  readonly forecast: Forecast;
  readonly warnings: readonly string[];
}

/** The text, with its line ends. */
export function forecastText({ from, isCounted, forecast, warnings }: Told): string {
  const {
    tests,
    nodes,
    families,
    uids,
    tags,
    mostSeriesOfAMetric,
    runsPerSecond,
    pointsPerSecond,
    busiestPointsPerSecond,
  } = forecast;
  const sum = (of: 'metrics' | 'series'): number => families.reduce((total, family) => total + family[of], 0);
  const rows = families.map(({ name, metrics, series }) => [name, count(metrics), count(series)]);
  const total = ['all', count(sum('metrics')), count(sum('series'))];
  const busiest = busiestPointsPerSecond === undefined ? '' : `, ${rate(busiestPointsPerSecond)} in the busiest minute`;
  return [
    `From ${from}${isCounted ? ', counted' : '; at most'}.\n\n`,
    plainTable(['METRICS', 'NAMES', 'SERIES'], [...rows, total]),
    '\n',
    plainTable(
      ['', ''],
      [
        ['tests', count(tests)],
        ['nodes', count(nodes)],
        ['most series of one metric', count(mostSeriesOfAMetric)],
        ['UIDs of metrics', ofAll(uids.metric)],
        ['UIDs of tag names', ofAll(uids.tagk)],
        ['UIDs of tag values', ofAll(uids.tagv)],
        ['tags of the widest point', `${tags} of 8`],
        ['runs a second', runsPerSecond === undefined ? 'not known from one moment' : rate(runsPerSecond)],
        [
          'points a second',
          pointsPerSecond === undefined ? 'not known from one moment' : `${rate(pointsPerSecond)}${busiest}`,
        ],
      ],
    ).replace(/^\s*\n/, ''),
    ...warnings.map((words) => `warning: ${words}\n`),
  ].join('');
}

function ofAll(number: number): string {
  return `${count(number)} of ${count(mostUids)}`;
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? count(Math.round(perSecond)) : perSecond.toPrecision(2);
}
