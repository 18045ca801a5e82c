// The status of the spool: counts for the status command, the admin interface and telemetry.

import type { DedupStatus } from './dedup/dedup.ts';
import { type Bounds, waitingBytes } from './deliver.ts';
import { type Backlog, backlogs } from './readers/backlog.ts';
import type { Store } from './store.ts';

/** `bytes` count against the bound. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface SinkWaiting {
  readonly name: string;
  /** The low-water mark. */
  readonly through: number;
  /** Includes the retry set. */
  readonly backlog: Backlog;
  readonly retrySet: { readonly points: number; readonly bytes: number };
  /** Undefined if no bridge runs. */
  readonly isConfigured: boolean | undefined;
}

export interface SpoolStatus {
  /** The number of the last record appended. */
  readonly lastRecord: number;
  readonly sinks: readonly SinkWaiting[];
  /** Bytes counted against the bound. */
  readonly waitingBytes: number;
  readonly maxBytes: number;
  readonly parked: Amount & { readonly nodes: number };
  readonly deadLetters: Amount;
  /** Samples of malformed bodies; not counted against the bound. */
  readonly malformed: Amount;
  /** Includes the legacy store. */
  readonly fileBytes: number;
  readonly segments: number;
  /** Points in all segments. */
  readonly recordPoints: number;
  /** Bytes of records per point; undefined without points. */
  readonly bytesPerPoint: number | undefined;
  readonly dedup: DedupStatus;
  /** Torn or damaged last groups that were set aside. */
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
    fileBytes: store.fileBytes() + (store.legacy?.fileBytes() ?? 0),
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
  const position = positions.get(name);
  const isRemoved = position?.gone !== undefined;
  return {
    name,
    through: position?.through ?? 0,
    backlog: backlogs(store)(name),
    retrySet,
    isConfigured: isRemoved ? false : readers.size === 0 ? undefined : readers.has(name),
  };
}
