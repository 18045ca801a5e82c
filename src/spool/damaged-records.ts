// Records whose checksum does not fit, each counted as lost once, however many sinks come upon it, and over restarts.

import { nextUnfinished, type Position, type Range } from './position.ts';
import { DamagedRecord, decodeRecord, isIntact } from './record.ts';
import { totalsOf } from './skipping.ts';
import type { SpoolState } from './state.ts';

/**
 * To be called inside a transaction: counts the record unless it is counted already, and returns how many points were in it as
 * far as its neighbours tell.
 *
 * @param position - of the sink that has come upon it, and has not finished it
 * @throws DamagedRecord when there are holes beside it, where the sink has not finished what is missing
 */
export function countDamaged(state: SpoolState, sequence: number, position: Position): number {
  const { losses, head } = state;
  const counted = losses.damaged.get(sequence);
  if (counted !== undefined) return counted;
  const [before, after] = [intactBefore(state, sequence, position), intactAfter(state, sequence, position)];
  const countedBeside = [...losses.damaged].filter(([other]) => other > before.key && other < after.key);
  const between = after.points - pointsBefore(state, position, before, after) - countedBeside.reduce((sum, [, points]) => sum + points, 0);
  const points = Math.max(0, between);
  const isTold = points > 0 || countedBeside.some(([, beside]) => beside > 0);
  losses.add({ records: 1, points: isTold ? points : Math.ceil(head.totals.points / Math.max(1, head.sequence)) });
  losses.noteDamaged(sequence, points);
  return points;
}

/** To be called inside a transaction, once records were deleted. */
export function forgetDeleted({ losses, store, deletedThrough }: SpoolState): void {
  for (const sequence of losses.damaged.keys()) {
    if (sequence <= deletedThrough && !store.records.doesExist(sequence)) losses.forgetDamaged(sequence);
  }
}

interface Neighbour {
  readonly key: number;
  /** Undefined where it is deleted. */
  readonly points: number | undefined;
  /** Whether records between are deleted: the sink was gone when they came, and they are finished for it. */
  readonly isBeyondHole: boolean;
}

/** How many points had been appended, ever, with the last record before it that can be read. */
function intactBefore({ store }: SpoolState, sequence: number, position: Position): Neighbour {
  let expected = sequence - 1;
  let isBeyondHole = false;
  for (const { key, value } of store.records.getRange({ start: expected, reverse: true })) {
    if (key <= position.through && key !== expected) break;
    if (key !== expected) isBeyondHole = requireFinished(position, [key + 1, expected]);
    if (isIntact(value, key)) {
      const { before, points } = decodeRecord(key, value);
      return { key, points: before.points + points.length, isBeyondHole };
    }
    expected = key - 1;
  }
  if (expected > position.through) isBeyondHole = requireFinished(position, [position.through + 1, expected]);
  return { key: Math.min(expected, position.through), points: undefined, isBeyondHole };
}

/** How many before the first one after it. */
function intactAfter({ store, head }: SpoolState, sequence: number, position: Position): Neighbour & { readonly points: number } {
  let expected = sequence + 1;
  let isBeyondHole = false;
  for (const { key, value } of store.records.getRange({ start: expected })) {
    if (key !== expected) isBeyondHole = requireFinished(position, [expected, key - 1]);
    if (isIntact(value, key)) return { key, points: decodeRecord(key, value).before.points, isBeyondHole };
    expected = key + 1;
  }
  if (expected <= head.sequence) isBeyondHole = requireFinished(position, [expected, head.sequence]);
  return { key: Infinity, points: head.totals.points, isBeyondHole };
}

/** @throws DamagedRecord when some of what is missing is waited for */
function requireFinished(position: Position, [from, through]: Range): true {
  const waitedFor = nextUnfinished(position, from).from;
  if (waitedFor <= through) throw missing(waitedFor);
  return true;
}

/** To pass over a record would be to lose it; what there is of it is found by whoever verifies the store. */
export function missing(sequence: number): DamagedRecord {
  return new DamagedRecord(`record ${sequence}: is waited for, and is not there`);
}

/** How many had been appended before the damaged records between two that are intact; what is deleted between these counts as before. */
function pointsBefore(state: SpoolState, position: Position, before: Neighbour, after: Neighbour): number {
  if (before.points === undefined) return pointsThrough(state, position);
  if (!before.isBeyondHole && !after.isBeyondHole) return before.points;
  return before.points + pointsThrough(state, position) - (pointsAt(state, position) ?? -Infinity);
}

/** How many points were in what is finished without a gap, and in what was deleted behind it. */
function pointsThrough(state: SpoolState, { points, finished }: Position): number {
  return finished.reduce((rest, range) => rest - totalsOf(state, range).points, points);
}

/** How many had been appended where the sink stands; undefined when the record behind that says nothing. */
function pointsAt({ store }: SpoolState, { through }: Position): number | undefined {
  for (const { key, value } of store.records.getRange({ start: through + 1, limit: 1 })) {
    if (key === through + 1 && isIntact(value, key)) return decodeRecord(key, value).before.points;
  }
  return undefined;
}
