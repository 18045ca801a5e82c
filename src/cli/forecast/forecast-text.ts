// Formats the report of `forecast` as text.

import { type Forecast, maxUids } from '../../sources/catchpoint/forecast/forecast.ts';
import { formatCount, textTable } from '../terminal-text.ts';

/** `forecast --json` prints it as it is. */
export interface ForecastReport {
  /** The basis, such as `50 tests on 800 nodes, every 5 minutes`. */
  readonly from: string;
  /** True: counted in past pushes; false: an upper limit. */
  readonly isCounted: boolean;
  readonly forecast: Forecast;
  readonly warnings: readonly string[];
}

export function forecastText({ from, isCounted, forecast, warnings }: ForecastReport): string {
  const { families } = forecast;
  const sum = (member: 'metrics' | 'series'): number => families.reduce((total, family) => total + family[member], 0);
  const rows = families.map(({ name, metrics, series }) => [name, formatCount(metrics), formatCount(series)]);
  const total = ['all', formatCount(sum('metrics')), formatCount(sum('series'))];
  return [
    `From ${from}${isCounted ? ', counted' : '; at most'}.\n\n`,
    textTable(['METRICS', 'NAMES', 'SERIES'], [...rows, total]),
    '\n',
    // Without the empty line of the heads.
    textTable(['', ''], figures(forecast)).replace(/^\s*\n/, ''),
    ...warnings.map((text) => `warning: ${text}\n`),
  ].join('');
}

function figures({ tests, nodes, uids, tags, mostSeriesOfAMetric, ...rates }: Forecast): string[][] {
  const { runsPerSecond, pointsPerSecond, busiestPointsPerSecond: busiest } = rates;
  const peak = busiest === undefined ? '' : `, ${formatRate(busiest)} in the busiest minute`;
  return [
    ['tests', formatCount(tests)],
    ['nodes', formatCount(nodes)],
    ['most series of one metric', formatCount(mostSeriesOfAMetric)],
    ['UIDs of metrics', ofAllUids(uids.metric)],
    ['UIDs of tag names', ofAllUids(uids.tagk)],
    ['UIDs of tag values', ofAllUids(uids.tagv)],
    ['tags of the widest point', `${tags} of 8`],
    ['runs a second', runsPerSecond === undefined ? unknownRate : formatRate(runsPerSecond)],
    ['points a second', pointsPerSecond === undefined ? unknownRate : `${formatRate(pointsPerSecond)}${peak}`],
  ];
}

const unknownRate = 'not known from one moment';

function ofAllUids(count: number): string {
  return `${formatCount(count)} of ${formatCount(maxUids)}`;
}

function formatRate(perSecond: number): string {
  return perSecond >= 10 ? formatCount(perSecond) : perSecond.toPrecision(2);
}
