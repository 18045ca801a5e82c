// Delivers the items of a request: those with the same run key as one delivery, which is stored once, the others together.

import { hash } from 'node:crypto';
import type { DataPoint, Deliver, DeliverOptions, RunKey } from '../../model/point.ts';
import type { Item } from './items.ts';

type PointsItem = Extract<Item, { points: unknown }>;

/**
 * Resolves with the number of items that were stored before.
 *
 * If a delivery fails, it rejects, and the sender repeats the request. What has a run key then counts once; the items
 * without one are therefore delivered last.
 *
 * @param run - of the items without a run key
 */
export async function deliverItems(deliver: Deliver, items: readonly Item[], run: RunKey | undefined): Promise<number> {
  const records = new Map<string, PointsItem[]>();
  const others: PointsItem[] = [];
  for (const item of items) {
    if (!('points' in item) || item.points.length === 0) continue;
    const record = item.runKey === undefined ? others : records.get(item.runKey);
    if (record !== undefined) record.push(item);
    else if (item.runKey !== undefined) records.set(item.runKey, [item]);
  }
  const outcomes = await Promise.allSettled(
    [...records].map(([key, own]) => deliverRecord(deliver, own, { run: { key, digest: digestOf(own) } })),
  );
  const duplicates = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason as Error;
    return outcome.value;
  });
  if (others.length > 0) duplicates.push(await deliverRecord(deliver, others, run === undefined ? {} : { run }));
  return duplicates.reduce((sum, count) => sum + count, 0);
}

async function deliverRecord(deliver: Deliver, items: readonly PointsItem[], options: DeliverOptions): Promise<number> {
  return (await deliver(pointsOf(items), options)) === 'duplicate' ? items.length : 0;
}

function pointsOf(items: readonly PointsItem[]): DataPoint[] {
  return items.flatMap(({ points }) => points);
}

/** Of what is accepted, so that an item that was rejected before and is not now makes a conflict, which is stored. */
function digestOf(items: readonly PointsItem[]): string {
  return hash('sha1', JSON.stringify(pointsOf(items)), 'base64url');
}
