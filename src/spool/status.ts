// What is in the spool, counted: for people who look, and for the command that shows it.

import { type Backlog, backlogs } from './readers/backlog.ts';
import type { DedupStatus } from './dedup/dedup.ts';
import { type Bounds, waitingBytes } from './deliver.ts';
import type { Store } from './store.ts';

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
  /** Of the log's files on disk, and of an earlier version's store while it is attached. */
  readonly fileBytes: number;
  readonly segments: number;
  /** In records whose segments are not used again yet. */
  readonly recordPoints: number;
  /** What these records take on disk for each of their points; undefined without a point. */
  readonly bytesPerPoint: number | undefined;
  readonly dedup: DedupStatus;
  /** Last groups that were torn or damaged and are kept aside, ever. */
  readonly suspectTails: number;
}

export function spoolStatus(store: Store, bounds: Bounds, readers: ReadonlySet<string>): SpoolStatus {
  const { state } = store;
  const totals = store.totals();
  const first = store.segments()[0]?.before ?? totals;
  const recordPoints = totals.points - first.points;
  return {
    lastRecord: totals.records,
    sinks: [...state.positions.keys()].map((name) => sinkWaiting(store, readers, name)),
    waitingBytes: waitingBytes(store),
    maxBytes: bounds.maxBytes,
    parked: { count: state.totals.parkedCount, bytes: state.totals.parkedBytes, nodes: state.parked.size },
    deadLetters: { count: state.letters.count(), bytes: state.letters.bytes() },
    malformed: { count: state.samples.count(), bytes: state.samples.bytes() },
    fileBytes: store.fileBytes() + (store.former()?.fileBytes() ?? 0),
    segments: store.segments().length,
    recordPoints,
    bytesPerPoint: recordPoints === 0 ? undefined : (totals.bytes - first.bytes) / recordPoints,
    dedup: store.dedup.status(),
    suspectTails: state.suspectTails,
  };
}

function sinkWaiting(store: Store, readers: ReadonlySet<string>, name: string): SinkWaiting {
  const { positions, retries } = store.state;
  const retrySet = { points: 0, bytes: 0 };
  for (const { points, bytes } of retries.get(name)?.values() ?? []) {
    retrySet.points += points;
    retrySet.bytes += bytes;
  }
  const isGone = positions.get(name)?.gone !== undefined;
  return {
    name,
    through: positions.get(name)?.through ?? 0,
    backlog: backlogs(store)(name),
    retrySet,
    isConfigured: isGone ? false : readers.size === 0 ? undefined : readers.has(name),
  };
}
