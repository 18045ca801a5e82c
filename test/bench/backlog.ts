// A spool in which points wait already: appended as the bridge itself appends them, while it does not run.

import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { pointCount } from '../../src/factored-points.ts';
import type { Points } from '../../src/point.ts';
import { measurementOf } from '../../src/sources/catchpoint/measurement.ts';
import { readNodesFile } from '../../src/sources/catchpoint/nodes/nodes-file.ts';
import { parsePush } from '../../src/sources/catchpoint/push-text.ts';
import { dimensions, slicer } from '../../src/sources/catchpoint/slices.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { bodiesOf } from './bodies.ts';
import { nodesFileIn } from './node-file.ts';

/** The slices of the bridge's own usual settings. */
export const slice = slicer({ prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions });
/** So many appends are under way at once, and share a transaction. */
const group = 1000;

/** Fills the spool in a state directory with at least so many points, for the sinks named. */
export async function fillBacklog(stateDir: string, points: number, sinks: readonly string[] = ['opentsdb']): Promise<void> {
  const spool = await openSpool({ directory: join(stateDir, 'spool'), maxBytes: 64 * 2 ** 30, clock: systemClock() });
  for (const name of sinks) await spool.reader(name);
  const next = await deliveries(stateDir);
  for (let waiting = 0; waiting < points; ) {
    const several = Array.from({ length: group }, next);
    await Promise.all(several.map((each) => spool.append(each)));
    waiting += several.reduce((sum, each) => sum + pointCount(each), 0);
  }
  await spool.close();
}

/** Makes the points of one push after another. */
async function deliveries(stateDir: string): Promise<() => Points> {
  const { nodes } = await readNodesFile(nodesFileIn(stateDir));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const bodies = bodiesOf({ kind: 'dns', nodeIds: [...byId.keys()], tests: 100 });
  return () => {
    const measurement = measurementOf(parsePush(bodies.next()));
    return slice(measurement, byId.get(measurement.nodeId));
  };
}
