// Budgets of optional sinks: past its budget a sink skips its oldest points, so that its outage blocks neither pushes
// nor other sinks.

import type { Totals } from '../log/format.ts';
import { lastGroupWhere } from '../log/group-table.ts';
import type { Store } from '../store.ts';
import { finishThrough, type Position } from './position.ts';

/** Bounds the backlog of an optional sink. A required sink has none. */
export interface Budget {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** By optional sink. */
export type Budgets = Map<string, Budget>;

/** Skips down to this share of the budget, so that not every push skips. */
const shareLeft = 0.9;
/** The retry set's share of a budget. */
const shareOfRetries = 1 / 4;

export function skipOverBudgets(store: Store, budgets: Budgets): void {
  for (const [name, { maxBytes }] of budgets) {
    if (bytesWaiting(store, name) > maxBytes) skipThrough(store, name, endLeaving(store, name, maxBytes * shareLeft));
  }
}

export function skipTooOld(store: Store, budgets: Budgets): void {
  for (const [name, { maxAgeMs }] of budgets) {
    const oldestMs = store.clock.now() - maxAgeMs;
    const end = endOfLastGroupWhere(store, ({ atMs }) => atMs < oldestMs);
    skipThrough(store, name, end);
  }
}

/**
 * Skips half of the backlog of each optional sink, except what a required sink waits for too: that would free nothing.
 * Returns whether any sink skipped.
 */
export function giveWay(store: Store, budgets: Budgets): boolean {
  const required = [...store.state.positions].filter(([name, { gone }]) => gone === undefined && !budgets.has(name));
  const last = Math.min(store.durableEnd().totals.records, ...required.map(([, { through }]) => through));
  return [...budgets.keys()]
    .map((name) => {
      const half = endLeaving(store, name, Math.floor(bytesWaiting(store, name) / 2));
      const end = half.records <= last ? half : endOfLastGroupWhere(store, ({ before }) => before.records < last, last);
      return skipThrough(store, name, end);
    })
    .includes(true);
}

/** Reports whether the retry set of a sink may grow. Only an optional sink has a bound. */
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

/** The end of the group to skip through, so that at most `leftBytes` are left. */
function endLeaving(store: Store, name: string, leftBytes: number): Totals {
  const { bytes } = store.totals();
  const legacy = store.legacy;
  const position = store.state.positions.get(name);
  if (legacy?.isAttached() === true && position !== undefined && bytes - legacy.end.bytes <= leftBytes)
    return interpolated(position, legacy.end, bytes - leftBytes);
  return endOfLastGroupWhere(store, ({ before }) => bytes - before.bytes > leftBytes);
}

/** The legacy store has no groups: assumes records of equal size. */
function interpolated({ through, points, bytes }: Position, end: Totals, wantedBytes: number): Totals {
  const share = Math.min(1, Math.max(0, (wantedBytes - bytes) / Math.max(1, end.bytes - bytes)));
  const part = (from: number, last: number): number => from + Math.floor(share * Math.max(0, last - from));
  return { records: part(through, end.records), points: part(points, end.points), bytes: part(bytes, end.bytes) };
}

interface GroupTime {
  readonly before: Totals;
  readonly atMs: number;
}

/**
 * Totals at the end of the last group for which a predicate is true; it must be false for all newer groups. If that
 * is past record `max`, totals at the start of the group.
 */
function endOfLastGroupWhere(store: Store, isTrue: (group: GroupTime) => boolean, max = Infinity): Totals {
  const segments = store.segments();
  const segment = segments.findLast(({ before, createdAtMs }) => isTrue({ before, atMs: createdAtMs }));
  if (segment === undefined) {
    const first = store.legacy?.isAttached() === true ? undefined : segments[0]?.before;
    return first ?? { records: 0, points: 0, bytes: 0 };
  }
  const groups = store.groups.of(segment);
  const last = lastGroupWhere(groups, isTrue);
  const end = groups[last + 1]?.before ?? segment.through;
  return end.records <= max ? end : (groups[last]?.before ?? segment.before);
}

/** Moves the position of a sink forward. Returns whether it moved. */
function skipThrough(store: Store, name: string, end: Totals): boolean {
  const position = store.state.positions.get(name);
  if (position === undefined || end.records <= position.through) return false;
  const moved = finishThrough(position, end.records, end);
  const skipped = { [name]: moved.points - position.points };
  store.append({ change: { positions: { [name]: moved }, skipped } });
  return true;
}
