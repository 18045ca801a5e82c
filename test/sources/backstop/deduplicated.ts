// A spool in memory that stores a run once, as the real one does.

import { expanded } from '../../../src/model/factored-points.ts';
import type { DataPoint, Deliver } from '../../../src/model/point.ts';

export interface Deduplicated {
  readonly deliver: Deliver;
  /** In the order of the deliveries. */
  stored(): readonly DataPoint[];
}

/** @param before - is asked before each delivery that is no duplicate, and may reject it */
export function deduplicated(before: Deliver = async () => 'stored'): Deduplicated {
  const digests = new Map<string, string>();
  const all: DataPoint[] = [];
  return {
    stored: () => all,
    async deliver(points, options = {}) {
      const { run } = options;
      const known = run && digests.get(run.key);
      if (run !== undefined && known === run.digest) return 'duplicate';
      await before(points, options);
      if (run !== undefined) digests.set(run.key, run.digest);
      all.push(...expanded(points));
      return known === undefined ? 'stored' : 'conflict';
    },
  };
}
