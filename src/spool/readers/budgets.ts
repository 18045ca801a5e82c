// What may wait for an optional sink: past that its oldest points are skipped and counted, so that a sink which is away costs the others
// neither room nor pushes.

import type { Change } from '../state/change.ts';
import { lastWhere } from '../log/group-places.ts';
import type { Totals } from '../log/format.ts';
import { finishThrough, type Position } from './position.ts';
import type { Store } from '../store.ts';

/** What may wait for an optional sink; a required one has no such bound, and everything waits for it. */
export interface Budget {
  /** Counted as the spool's own bound is. */
  readonly maxBytes: number;
  /** How long the oldest of it may wait. */
  readonly maxAgeMs: number;
}

/** By the name of each optional sink. */
export type Budgets = Map<string, Budget>;

/** Skipping goes on to this share of the budget, so that it is not done again for every push. */
const shareLeft = 0.9;
/** The retry set's share of a budget. */
const shareOfRetries = 1 / 4;

/** Skips what is over the budget of each optional sink. */
export function skipOverBudgets(store: Store, budgets: Budgets): void {
  for (const [name, { maxBytes }] of budgets) {
    if (bytesWaiting(store, name) > maxBytes) skipThrough(store, name, whereLeft(store, name, maxBytes * shareLeft));
  }
}

/** Skips what is older than the budget of each optional sink lets it become. */
export function skipTooOld(store: Store, budgets: Budgets): void {
  for (const [name, { maxAgeMs }] of budgets) {
    const oldestMs = store.clock.now() - maxAgeMs;
    skipThrough(
      store,
      name,
      endOfLastGroup(store, ({ atMs }) => atMs < oldestMs),
    );
  }
}

/**
 * Has the optional sinks give up half of what waits for them, as far as no required one waits for it as well, which makes no room.
 * Whether any did.
 */
export function giveWay(store: Store, budgets: Budgets): boolean {
  const required = [...store.state.positions].filter(([name, { gone }]) => gone === undefined && !budgets.has(name));
  const last = Math.min(store.durableEnd().totals.records, ...required.map(([, { through }]) => through));
  return [...budgets.keys()].map((name) => giveWayOf(store, name, last)).includes(true);
}

function giveWayOf(store: Store, name: string, last: number): boolean {
  const half = whereLeft(store, name, Math.floor(bytesWaiting(store, name) / 2));
  const end = half.records <= last ? half : endOfLastGroup(store, ({ before }) => before.records < last, last);
  return skipThrough(store, name, end);
}

/** Whether the retry set of a sink may grow; that of a required sink always may. */
export function hasRoomForRetries({ state }: Store, budgets: Budgets, sinkName: string): boolean {
  const budget = budgets.get(sinkName);
  if (budget === undefined) return true;
  let bytes = 0;
  for (const entry of state.retries.get(sinkName)?.values() ?? []) bytes += entry.bytes;
  return bytes < budget.maxBytes * shareOfRetries;
}

function bytesWaiting(store: Store, name: string): number {
  const { bytes } = store.totals();
  return bytes - (store.state.positions.get(name)?.bytes ?? bytes);
}

/** The end of the group that has to go for so many bytes to be left. */
function whereLeft(store: Store, name: string, leftBytes: number): Totals {
  const { bytes } = store.totals();
  const former = store.former();
  const position = store.state.positions.get(name);
  if (former?.isAttached() === true && position !== undefined && bytes - former.end.bytes <= leftBytes)
    return between(position, former.end, bytes - leftBytes);
  return endOfLastGroup(store, ({ before }) => bytes - before.bytes > leftBytes);
}

/** In the store of an earlier version, of which no groups are known: as if each of its records took as much as the others. */
function between({ through, points, bytes }: Position, end: Totals, wantedBytes: number): Totals {
  const share = Math.min(1, Math.max(0, (wantedBytes - bytes) / Math.max(1, end.bytes - bytes)));
  const part = (from: number, last: number): number => from + Math.floor(share * Math.max(0, last - from));
  return { records: part(through, end.records), points: part(points, end.points), bytes: part(bytes, end.bytes) };
}

interface Moment {
  readonly before: Totals;
  readonly atMs: number;
}

/**
 * What had been appended, ever, at the end of the last group that still is so, of groups of which the older ones are and the newer
 * ones are not.
 *
 * @param most - not behind this record: the group before the one that reaches further
 */
function endOfLastGroup(store: Store, isSo: (moment: Moment) => boolean, most = Infinity): Totals {
  const segments = store.segments();
  let at = segments.length - 1;
  while (
    at >= 0 &&
    !isSo({
      before: (segments[at] as Moment & (typeof segments)[number]).before,
      atMs: (segments[at] as (typeof segments)[number]).createdAtMs,
    })
  )
    at -= 1;
  const segment = segments[at];
  if (segment === undefined)
    return (
      (store.former()?.isAttached() === true ? undefined : segments[0]?.before) ?? { records: 0, points: 0, bytes: 0 }
    );
  const groups = store.index.of(segment);
  const last = lastWhere(groups, isSo);
  const end = groups[last + 1]?.before ?? segment.through;
  return end.records <= most ? end : (groups[last]?.before ?? segment.before);
}

/** Whether the sink has moved. */
function skipThrough(store: Store, name: string, end: Totals): boolean {
  const position = store.state.positions.get(name);
  if (position === undefined || end.records <= position.through) return false;
  const moved: Position = finishThrough(position, end.records, end);
  const change: Change = { positions: { [name]: moved }, skipped: { [name]: moved.points - position.points } };
  store.append({ change });
  return true;
}
