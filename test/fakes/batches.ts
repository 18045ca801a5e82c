// Batches as the spool hands them out, and whether their points were made.

import { expanded, pointCount } from '../../src/model/factored-points.ts';
import type { DataPoint, FactoredPoints, Points } from '../../src/model/point.ts';
import type { SinkBatch } from '../../src/model/sink.ts';

export interface WatchedBatch extends SinkBatch {
  /** How often the points were asked for. */
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

/** Runs of two nodes, six points each, in every second of which the test has failed: one point more. */
export function runs(count: number): FactoredPoints[] {
  return Array.from({ length: count }, (_, run) => ({
    timestamp: 1794994452 + run,
    unit: 's' as const,
    tail: `.${204417 + (run % 3)}`,
    series: [
      { stem: 'catchpoint.rtt.by_', value: `${run}.5` },
      { stem: 'catchpoint.status.by_', value: '1.0', tags: { status: run % 2 === 0 ? 'ok' : 'error' } },
    ],
    cuts: cuts[run % 2] as FactoredPoints['cuts'],
    rest:
      run % 2 === 0
        ? []
        : [
            {
              metric: `catchpoint.error.by_node.${run}`,
              timestamp: 1794994452 + run,
              unit: 's' as const,
              value: '1.0',
              tags: { nodeid: '313', error: 'timeout' },
            },
          ],
  }));
}

const cuts: readonly FactoredPoints['cuts'][] = [
  { tags: { nodeid: '312' }, cuts: [['node'], ['asn', '4837'], ['country', 'China']] },
  { tags: { nodeid: '313' }, cuts: [['node'], ['asn', '174'], ['country', 'Peru']] },
];
