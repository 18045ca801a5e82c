// What an open spool holds in memory beside its store: where it ends, and how far each sink has come.

import type { Bell } from '../bell.ts';
import type { Clock } from '../clock.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Letters } from './letters.ts';
import type { Parking } from './parking.ts';
import type { Position } from './position.ts';
import { decodeRecord, isIntact, type Totals } from './record.ts';
import { openRetries, type Retries } from './retries.ts';
import type { RunKeys } from './run-keys.ts';
import type { Store } from './store.ts';

export interface SpoolState {
  readonly store: Store;
  readonly clock: Clock;
  readonly maxBytes: number;
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
  /** Rung after each append; one for each reader. */
  readonly bells: Set<Bell>;
  /** Every record up to this one is deleted, or held for a sink that is gone. */
  deletedThrough: number;
}

/** The end of the spool: the last record's number, and all that has been appended, ever. */
export interface Head {
  sequence: number;
  totals: Totals;
}

/** Bytes that a record takes beside its own: key, run key and lmdb's headers. */
export const bytesBesideRecord = 120;

/** Reads where the spool ends: at its last record, or where the sinks stand when they have finished all of them. */
export function headOf(store: Store, positions: readonly Position[]): Head {
  const sequence = lastSequence(store) ?? Math.max(0, ...positions.map(({ through }) => through));
  for (const { value } of store.records.getRange({ reverse: true })) {
    if (!isIntact(value)) continue;
    const { before, points } = decodeRecord(value);
    const bytes = before.bytes + value.length + bytesBesideRecord;
    return { sequence, totals: { points: before.points + points.length, bytes } };
  }
  return {
    sequence,
    totals: {
      points: Math.max(0, ...positions.map(({ points }) => points)),
      bytes: Math.max(0, ...positions.map(({ bytes }) => bytes)),
    },
  };
}

/** How far each sink has come, as the store has it. */
export function readPositions(store: Store): Map<string, Position> {
  return new Map([...store.positions.getRange()].map(({ key, value }) => [key, value]));
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
  for (const [name, position] of readPositions(store)) positions.set(name, position);
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
