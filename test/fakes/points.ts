// Data points, all different.

import type { DataPoint } from '../../src/model/point.ts';

/** Makes the points `first` … `first` + `count` − 1, each of a series of its own. */
export function points(count: number, first = 1): DataPoint[] {
  return Array.from({ length: count }, (_, index) => ({
    metric: `catchpoint.rtt.by_node.${first + index}`,
    timestamp: 1794994452,
    unit: 's',
    value: `${first + index}.5`,
    tags: { nodeid: '312', city: 'Jinan' },
  }));
}
