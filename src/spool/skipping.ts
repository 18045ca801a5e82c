// What an optional sink may leave waiting: past that its oldest points are skipped and counted, so that a sink which is away
// costs the others neither room nor pushes.

import { finish, nextUnfinished, type Position, type Range } from './position.ts';
import { decodeRecord, isIntact, type SpoolRecord, type Totals } from './record.ts';
import { lastTotals, retriesOf, setPosition, type SpoolState } from './state.ts';

/** Skipping goes on to this share of the budget, so that it is not done again for every push. */
const shareLeft = 0.9;
/** The retry set's share of a budget. */
const shareOfRetries = 1 / 4;
/** Beyond this share of the spool's bound the dead letters of optional sinks are not kept. */
const shareOfLetters = 1 / 32;

/** To be called inside a transaction: skips what is over the budget of each optional sink. */
export function skipOverBudgets(state: SpoolState): void {
  for (const [name, budget] of state.budgets) {
    if (bytesWaiting(state, name) > budget.maxBytes) skipThrough(state, name, whereLeft(state, name, budget.maxBytes * shareLeft));
  }
}

/** To be called inside a transaction: skips what is older than the budget of each optional sink lets it become. */
export function skipTooOld(state: SpoolState): void {
  for (const [name, { maxAgeMs }] of state.budgets) {
    const oldestMs = state.clock.now() - maxAgeMs;
    skipThrough(state, name, lastWhere(state, name, ({ appendedAtMs }) => appendedAtMs < oldestMs));
  }
}

/**
 * To be called inside a transaction: has the optional sinks give up half of what waits for them, as far as no required one
 * waits for it as well, which makes no room. Whether any did.
 */
export function giveWay(state: SpoolState): boolean {
  const { budgets, positions, head } = state;
  const required = [...positions].filter(([name, { gone }]) => gone === undefined && !budgets.has(name));
  const last = Math.min(head.sequence, ...required.map(([, { through }]) => through));
  const before = [...positions.values()];
  for (const name of budgets.keys()) skipThrough(state, name, Math.min(last, whereLeft(state, name, Math.floor(bytesWaiting(state, name) / 2))));
  return [...positions.values()].some((position, index) => position !== before[index]);
}

/** Whether the retry set of a sink may grow; that of a required sink always may. */
export function hasRoomForRetries(state: SpoolState, sinkName: string): boolean {
  const budget = state.budgets.get(sinkName);
  return budget === undefined || retriesOf(state, sinkName).bytes() < budget.maxBytes * shareOfRetries;
}

/** Whether more dead letters of a sink may be kept: those of an optional one must not fill the letters' share. */
export function hasRoomForLetters({ budgets, deadLetters, maxBytes }: SpoolState, sinkName: string): boolean {
  return !budgets.has(sinkName) || deadLetters.bytes() < maxBytes * shareOfLetters;
}

/** The position after what is in a range is finished as well, of which some may be already; for what is taken out, too. */
export function finishedAlso(state: SpoolState, position: Position, [from, through]: Range): Position {
  let moved = position;
  for (let next = nextUnfinished(moved, from); next.from <= through; next = nextUnfinished(moved, next.from)) {
    const stretch = [next.from, Math.min(through, next.before - 1)] as const;
    moved = finish(moved, stretch, totalsOf(state, stretch));
  }
  return moved;
}

/** What the records of a range hold, which are there still; those behind it may be gone. */
export function totalsOf(state: SpoolState, [from, through]: Range): Totals {
  const before = totalsBefore(state, from);
  const after = totalsThrough(state, through);
  return { points: Math.max(0, after.points - before.points), bytes: Math.max(0, after.bytes - before.bytes) };
}

/** What was appended, ever, before a record; what is damaged counts with its neighbours. */
function totalsBefore(state: SpoolState, sequence: number): Totals {
  return firstIntact(state, sequence)?.before ?? state.head.totals;
}

/** What had been appended, ever, with a record. */
function totalsThrough(state: SpoolState, sequence: number): Totals {
  if (sequence >= state.head.sequence) return state.head.totals;
  const next = firstIntact(state, sequence + 1);
  return next?.key === sequence + 1 ? next.before : (lastTotals(state.store, sequence) ?? next?.before ?? state.head.totals);
}

function firstIntact({ store }: SpoolState, sequence: number): (SpoolRecord & { readonly key: number }) | undefined {
  for (const { key, value } of store.records.getRange({ start: sequence })) if (isIntact(value, key)) return { key, ...decodeRecord(key, value) };
  return undefined;
}

function bytesWaiting({ head, positions }: SpoolState, name: string): number {
  return head.totals.bytes - (positions.get(name)?.bytes ?? head.totals.bytes);
}

/** The last record that has to go for so many bytes to be left. */
function whereLeft(state: SpoolState, name: string, leftBytes: number): number {
  const { head } = state;
  return lastWhere(state, name, ({ before }) => head.totals.bytes - before.bytes > leftBytes);
}

/** The last record that still is so, of records of which the older ones are and the newer ones are not. */
function lastWhere(state: SpoolState, name: string, isSo: (record: { readonly before: Totals; readonly appendedAtMs: number }) => boolean): number {
  let low = state.positions.get(name)?.through ?? state.head.sequence;
  let high = state.head.sequence + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const record = firstIntact(state, middle);
    if (record !== undefined && isSo(record)) low = middle;
    else high = middle;
  }
  return low;
}

function skipThrough(state: SpoolState, name: string, through: number): void {
  const position = state.positions.get(name);
  if (position === undefined || through <= position.through) return;
  const moved = finishedAlso(state, position, [0, through]);
  setPosition(state, name, moved);
  state.skipped.add(name, moved.points - position.points);
}
