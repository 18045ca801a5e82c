// A store to damage: records small and large, finished in part, with a retry set, parked measurements and dead letters.

import { createHash } from 'node:crypto';
import type { DataPoint } from '../../src/point.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { movableClock } from '../fakes/time.ts';

/** The points of a delivery; every tenth is so large, and so mixed, that its record takes pages of its own. */
export function pointsOf(delivery: number): DataPoint[] {
  const count = delivery % 10 === 0 ? 250 : 14;
  return Array.from({ length: count }, (_, index) => ({
    metric: `catchpoint.rtt.by_city.${delivery}`,
    timestamp: 1794994452 + delivery,
    unit: 's',
    value: `${index}.5`,
    tags: { nodeid: String(delivery % 97), city: count > 14 ? createHash('sha1').update(`${delivery} ${index}`).digest('hex') : `c${index}` },
  }));
}

const batches = 8;
const nothing = { letters: [], kept: [], notBeforeMs: 0 };

/** Fills a new store; `deliveries` were appended, the first and some later batches of them finished. */
export async function fillStore(directory: string, deliveries: number): Promise<void> {
  const spool = await openSpool({ directory, maxBytes: 1 << 30, clock: movableClock() });
  const reader = await spool.reader('tsdb');
  let appends: Promise<unknown>[] = [];
  for (let delivery = 1; delivery <= deliveries; delivery += 1) {
    const parked = { waitsFor: String(delivery % 7), payload: JSON.stringify({ delivery, text: 'parked '.repeat(60) }) };
    const run = { key: `run ${delivery}`, digest: createHash('sha1').update(String(delivery)).digest('base64url') };
    appends.push(spool.append(pointsOf(delivery), { run, ...(delivery % 25 === 0 ? { parked } : {}) }));
    if (appends.length === 20) {
      await Promise.all(appends);
      appends = [];
    }
  }
  await Promise.all(appends);
  for (let number = 0; number < batches; number += 1) {
    const batch = reader.next(800);
    if (batch === undefined || number === 3) continue;
    const letters = [{ kind: 'rejected', reason: 'unknown metric', raw: JSON.stringify({ number }), sink: 'tsdb' }];
    await reader.finish(batch, { ...nothing, letters, kept: batch.points.slice(0, 3) });
  }
  await spool.close();
}
