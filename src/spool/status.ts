// What is in the spool, counted: for people who look, and for the command that shows it.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backlog, backlogOf } from './backlog.ts';
import type { Letters } from './letters.ts';
import { decodeRecord } from './record.ts';
import { retriesOf, type SpoolState, waitingBytes } from './state.ts';
import { pageBytes } from './store-size.ts';

/** A number of something, and the bytes that count for it. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface SinkWaiting {
  readonly name: string;
  /** Every record up to this one is finished. */
  readonly through: number;
  /** All that waits, that in the retry set included. */
  readonly backlog: Backlog;
  /** Points that the sink could not take at the time. */
  readonly retrySet: { readonly points: number; readonly bytes: number };
  /** Undefined while no bridge runs that would know it. */
  readonly isConfigured: boolean | undefined;
}

export interface SpoolStatus {
  /** The number of the last record that was appended, ever. */
  readonly lastRecord: number;
  readonly sinks: readonly SinkWaiting[];
  /** What counts against the bound: what waits for the slowest sink, is parked, and is dead. */
  readonly waitingBytes: number;
  readonly maxBytes: number;
  readonly parked: Amount & { readonly nodes: number };
  readonly deadLetters: Amount;
  /** Samples of bodies that were no pushes; they do not count against the bound. */
  readonly malformed: Amount;
  /** Of the file on disk, which keeps what it once needed. */
  readonly fileBytes: number;
  /** In records that are not deleted yet. */
  readonly recordPoints: number;
  /** What the records take on disk for each of their points; undefined without a point. */
  readonly bytesPerPoint: number | undefined;
}

export async function spoolStatus(
  state: SpoolState,
  { directory, samples }: { readonly directory: string; readonly samples: Letters },
): Promise<SpoolStatus> {
  const { head, positions, parking, deadLetters, store, maxBytes } = state;
  const recordPoints = pointsInRecords(state);
  return {
    lastRecord: head.sequence,
    sinks: [...positions.keys()].map((name) => sinkWaiting(state, name)),
    waitingBytes: waitingBytes(state),
    maxBytes,
    parked: { ...amountOf(parking), nodes: parking.waitedFor().length },
    deadLetters: amountOf(deadLetters),
    malformed: amountOf(samples),
    fileBytes: (await stat(join(directory, 'data.mdb'))).size,
    recordPoints,
    bytesPerPoint: recordPoints === 0 ? undefined : pageBytes(store.records) / recordPoints,
  };
}

function sinkWaiting(state: SpoolState, name: string): SinkWaiting {
  const retries = retriesOf(state, name);
  const isGone = state.positions.get(name)?.gone !== undefined;
  return {
    name,
    through: state.positions.get(name)?.through ?? 0,
    backlog: backlogOf(state, name),
    retrySet: { points: retries.points(), bytes: retries.bytes() },
    isConfigured: isGone ? false : state.taken.size === 0 ? undefined : state.taken.has(name),
  };
}

function amountOf({ count, bytes }: { count(): number; bytes(): number }): Amount {
  return { count: count(), bytes: bytes() };
}

/** The first record that can be read says how many points came before it. */
function pointsInRecords({ store, head }: SpoolState): number {
  for (const { key, value } of store.records.getRange({})) {
    try {
      return head.totals.points - decodeRecord(key, value).before.points;
    } catch {
      continue;
    }
  }
  return 0;
}
