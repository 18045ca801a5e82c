// Records whose checksum does not fit, each counted as lost once, however many sinks come upon it, and over restarts.

import type { Position } from './position.ts';
import { DamagedRecord, decodeRecord, isIntact } from './record.ts';
import { totalsOf } from './skipping.ts';
import type { SpoolState } from './state.ts';

/**
 * To be called inside a transaction: counts the record unless it is counted already, and returns how many points were in it as
 * far as its neighbours tell.
 *
 * @param position - of the sink that has come upon it, and has not finished it
 * @throws DamagedRecord when there are holes beside it
 */
export function countDamaged(state: SpoolState, sequence: number, position: Position): number {
  const { losses, head } = state;
  const counted = losses.damaged.get(sequence);
  if (counted !== undefined) return counted;
  const [before, after] = [intactBefore(state, sequence, position), intactAfter(state, sequence)];
  const countedBeside = [...losses.damaged].filter(([other]) => other > before.key && other < after.key);
  const between = after.points - (before.points ?? pointsThrough(state, position)) - countedBeside.reduce((sum, [, points]) => sum + points, 0);
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
  readonly points: number | undefined;
}

/** How many points had been appended, ever, with the last record before it that can be read; undefined when that is deleted. */
function intactBefore({ store }: SpoolState, sequence: number, { through }: Position): Neighbour {
  let expected = sequence - 1;
  for (const { key, value } of store.records.getRange({ start: expected, reverse: true })) {
    if (key !== expected) break;
    if (isIntact(value, key)) {
      const { before, points } = decodeRecord(key, value);
      return { key, points: before.points + points.length };
    }
    expected -= 1;
  }
  if (expected > through) throw missing(expected);
  return { key: expected, points: undefined };
}

/** How many before the first one after it. */
function intactAfter({ store, head }: SpoolState, sequence: number): Neighbour & { readonly points: number } {
  let expected = sequence + 1;
  for (const { key, value } of store.records.getRange({ start: expected })) {
    if (key !== expected) throw missing(expected);
    if (isIntact(value, key)) return { key, points: decodeRecord(key, value).before.points };
    expected += 1;
  }
  if (expected <= head.sequence) throw missing(expected);
  return { key: Infinity, points: head.totals.points };
}

/** To pass over a record would be to lose it; what there is of it is found by whoever verifies the store. */
export function missing(sequence: number): DamagedRecord {
  return new DamagedRecord(`record ${sequence}: is waited for, and is not there`);
}

/** How many points were in what is finished without a gap. */
function pointsThrough(state: SpoolState, { points, finished }: Position): number {
  return finished.reduce((rest, range) => rest - totalsOf(state, range).points, points);
}
