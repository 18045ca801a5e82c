// What an open spool holds in memory beside its store: where it ends, and how far each sink has come.

import type { Bell } from '../bell.ts';
import type { Clock } from '../clock.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Letters } from './letters.ts';
import type { Losses } from './losses.ts';
import type { Parking } from './parking.ts';
import type { Position } from './position.ts';
import { decodeRecord, isIntact, sealed, type Totals, unsealed } from './record.ts';
import { openRetries, type Retries } from './retries.ts';
import type { RunKeys } from './run-keys.ts';
import type { Skipped } from './skipped.ts';
import type { Store } from './store.ts';

export interface SpoolState {
  readonly store: Store;
  readonly clock: Clock;
  maxBytes: number;
  readonly runKeys: RunKeys;
  readonly parking: Parking;
  readonly deadLetters: DeadLetters;
  /** The dead letters and the samples of malformed bodies. */
  readonly letters: Letters;
  readonly head: Head;
  /** By sink name. */
  readonly positions: Map<string, Position>;
  /** By sink name: points that a sink could not take at the time. */
  readonly retries: Map<string, Retries>;
  /** By the name of each sink that is read for: what has been taken out or is finished, as if it were a position. */
  readonly taken: Map<string, Position>;
  readonly losses: Losses;
  /** By the name of each optional sink. */
  readonly budgets: Map<string, Budget>;
  readonly skipped: Skipped;
  /** Rung after each append; one for each reader. */
  readonly bells: Set<Bell>;
  /** When optional sinks may be asked again to give way to a scarce disk, by the steady clock. */
  givesWayAgainAtMs: number;
  /** Every record up to this one is deleted, or held for a sink that is gone. */
  deletedThrough: number;
}

/** What may wait for an optional sink; a required one has no such bound, and everything waits for it. */
export interface Budget {
  /** Counted as the spool's own bound is. */
  readonly maxBytes: number;
  /** How long the oldest of it may wait. */
  readonly maxAgeMs: number;
}

/** The end of the spool: the last record's number, and all that has been appended, ever. */
export interface Head {
  sequence: number;
  totals: Totals;
}

/** Bytes that a record takes beside its own: key, run key and lmdb's headers. */
export const bytesBesideRecord = 120;

/**
 * Reads where the spool ends: at its last record, or where the sinks stand that have finished more than what is left, which
 * may be held for one that is gone.
 */
export function headOf(store: Store, positions: readonly Position[]): Head {
  const ends = positions.flatMap((position) => [position, ...(position.gone === undefined ? [] : [position.gone])]);
  const last = lastTotals(store) ?? { points: 0, bytes: 0 };
  return {
    sequence: Math.max(lastSequence(store) ?? 0, ...ends.map(({ through }) => through)),
    totals: {
      points: Math.max(last.points, ...ends.map(({ points }) => points)),
      bytes: Math.max(last.bytes, ...ends.map(({ bytes }) => bytes)),
    },
  };
}

/** What had been appended, ever, with the last record that can be read, up to this one. */
export function lastTotals(store: Store, through?: number): Totals | undefined {
  for (const { key, value } of store.records.getRange({ reverse: true, ...(through !== undefined && { start: through }) })) {
    if (!isIntact(value, key)) continue;
    const { before, points } = decodeRecord(key, value);
    return { points: before.points + points.length, bytes: before.bytes + value.length + bytesBesideRecord };
  }
  return undefined;
}

/** How far each sink has come, as the store has it. */
export function readPositions(store: Store): Map<string, Position> {
  return new Map([...store.positions.getRange()].map(({ key, value }) => [key, JSON.parse(unsealed(value, key)) as Position]));
}

/** To be called inside a transaction: how far a sink has come from now on. */
export function setPosition({ store, positions }: SpoolState, sinkName: string, position: Position): void {
  positions.set(sinkName, position);
  store.positions.putSync(sinkName, sealed(JSON.stringify(position), sinkName));
}

/** The retry set of a sink, opened once. */
export function retriesOf({ store, clock, retries }: SpoolState, sinkName: string): Retries {
  const opened = retries.get(sinkName) ?? openRetries(store, sinkName, clock);
  retries.set(sinkName, opened);
  return opened;
}

/** After a transaction has failed: what is stored holds again, for the sinks that this process serves. */
export function rereadState(state: SpoolState): void {
  const { store, positions, head } = state;
  const stored = readPositions(store);
  for (const name of positions.keys()) if (!stored.has(name)) positions.delete(name);
  for (const [name, position] of stored) positions.set(name, position);
  Object.assign(head, headOf(store, [...positions.values()]));
  state.deletedThrough = firstSequence(store, head) - 1;
}

function lastSequence(store: Store): number | undefined {
  for (const key of store.records.getKeys({ reverse: true, limit: 1 })) return key;
  return undefined;
}

/** The record before which every record is deleted. */
export function firstSequence(store: Store, head: Head): number {
  for (const key of store.records.getKeys({ limit: 1 })) return key;
  return head.sequence + 1;
}

/** The bytes that count against the bound: what a sink has not finished or has kept, what is parked, and the dead letters. */
export function waitingBytes({ head, positions, retries, parking, deadLetters }: SpoolState): number {
  const all = [...positions.values()];
  const finished = all.flatMap(({ gone, bytes }) => (gone === undefined ? [bytes] : []));
  const unfinished = head.totals.bytes - Math.min(head.totals.bytes, ...finished);
  const held = all.reduce((sum, { gone, bytes }) => sum + (gone === undefined ? 0 : gone.bytes - bytes), 0);
  const kept = [...retries.values()].reduce((sum, one) => sum + one.bytes(), 0);
  return unfinished + held + kept + parking.bytes() + deadLetters.bytes();
}
