// Batches as the spool returns them, which count how often their points are expanded.

import { expanded, pointCount } from '../../src/model/factored-points.ts';
import type { DataPoint, FactoredPoints, Points } from '../../src/model/point.ts';
import type { SinkBatch } from '../../src/model/sink.ts';

export interface WatchedBatch extends SinkBatch {
  /** How often `points` was read. */
  readonly expansions: () => number;
}

export function batchOf(...deliveries: readonly Points[]): WatchedBatch {
  let asked = 0;
  let points: readonly DataPoint[] | undefined;
  return {
    deliveries,
    pointCount: deliveries.reduce((sum, each) => sum + pointCount(each), 0),
    get points() {
      asked += 1;
      points ??= deliveries.flatMap(expanded);
      return points;
    },
    expansions: () => asked,
  };
}

/** Makes runs of two nodes, six points each; every second run has failed, and has one point more. */
export function runs(count: number): FactoredPoints[] {
  return Array.from({ length: count }, (_, run) => {
    const time = { timestamp: 1794994452 + run, unit: 's' } as const;
    const isFailed = run % 2 === 1;
    const error = { ...time, metric: `catchpoint.error.by_node.${run}`, value: '1.0' };
    return {
      ...time,
      tail: `.${204417 + (run % 3)}`,
      series: [
        { stem: 'catchpoint.rtt.by_', value: `${run}.5` },
        { stem: 'catchpoint.status.by_', value: '1.0', tags: { status: isFailed ? 'error' : 'ok' } },
      ],
      cuts: cuts[run % 2] as FactoredPoints['cuts'],
      rest: isFailed ? [{ ...error, tags: { nodeid: '313', error: 'timeout' } }] : [],
    };
  });
}

const cuts: readonly FactoredPoints['cuts'][] = [
  { tags: { nodeid: '312' }, cuts: [['node'], ['asn', '4837'], ['country', 'China']] },
  { tags: { nodeid: '313' }, cuts: [['node'], ['asn', '174'], ['country', 'Peru']] },
];
