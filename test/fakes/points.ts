// Data points by the dozen, each different from every other.

import type { DataPoint } from '../../src/model/point.ts';

/** Points number `first` to `first` + `count` − 1 of a series each. */
export function points(count: number, first = 1): DataPoint[] {
  return Array.from({ length: count }, (_, index) => ({
    metric: `catchpoint.rtt.by_node.${first + index}`,
    timestamp: 1794994452,
    unit: 's',
    value: `${first + index}.5`,
    tags: { nodeid: '312', city: 'Jinan' },
  }));
}
