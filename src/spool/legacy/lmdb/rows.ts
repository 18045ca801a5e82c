// What stands in the former store (format 3), key by key, and as it is handed on.
//
//   meta            "format" → 3; "generation" → the newest generation of run keys; "lost-…", "skipped-[sink]", "restored [store]",
//                   "damaged [record]" → counts
//   records         sequence number → [appended at, points before, bytes before, points]
//   positions       sink → Position
//   retries         [sink, sequence number] → a retry
//   runs-0 … -3     a run's second and the hash of its key → digest; a generation an hour
//   parked          [waits for, sequence number] → ParkedRow
//   dead-letters    digest → LetterRow
//   malformed       digest → LetterRow, a sample
//
// Everything but the run keys is sealed (sealed-text.ts): records, positions and retries with their keys.

import type { Annotation, DataPoint, Tags, TimeUnit } from '../../../model/point.ts';

export const legacyFormat = 3;

/** How the values of each database are stored, in the order in which they are read. */
export const legacyDatabases = {
  positions: { isSealed: true, isSealedWithKey: true, isCompressed: false },
  meta: { isSealed: true, isSealedWithKey: false, isCompressed: false },
  'runs-0': { isSealed: false, isSealedWithKey: false, isCompressed: false },
  'runs-1': { isSealed: false, isSealedWithKey: false, isCompressed: false },
  'runs-2': { isSealed: false, isSealedWithKey: false, isCompressed: false },
  'runs-3': { isSealed: false, isSealedWithKey: false, isCompressed: false },
  retries: { isSealed: true, isSealedWithKey: true, isCompressed: true },
  parked: { isSealed: true, isSealedWithKey: false, isCompressed: false },
  'dead-letters': { isSealed: true, isSealedWithKey: false, isCompressed: false },
  malformed: { isSealed: true, isSealedWithKey: false, isCompressed: false },
  records: { isSealed: true, isSealedWithKey: true, isCompressed: true },
} as const;

export type LegacyDatabaseName = keyof typeof legacyDatabases;

/** The last record's number, and all that has been appended, ever. */
export interface LegacyHead {
  readonly sequence: number;
  readonly points: number;
  /** Each record with `bytesBesideRecord`. */
  readonly bytes: number;
}

/** Bytes that a record counts beside its own. */
export const bytesBesideRecord = 120;

/** How far a sink had come. */
export interface LegacyPosition {
  /** Every record up to this one is finished. */
  readonly through: number;
  /** Finished above `through`, in order, never touching one another; both ends included. */
  readonly finished: readonly (readonly [from: number, through: number])[];
  /** Points and bytes finished, ever. */
  readonly points: number;
  readonly bytes: number;
  /** Since when no such sink is configured, and the head then: nothing that came later is held for it. */
  readonly gone?: {
    readonly sinceMs: number;
    readonly through: number;
    readonly points: number;
    readonly bytes: number;
  };
}

/** A dead letter, or a sample of a body that was no push. */
export interface LetterRow {
  readonly kind: string;
  readonly reason: string;
  readonly raw: string;
  /** Of `raw`, where it is no text. */
  readonly encoding?: 'base64';
  /** The sink that refused it, where it was one. */
  readonly sink?: string;
  /** The address that a malformed body came from last. */
  readonly from?: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly times: number;
}

/** What waits for its node. */
export interface ParkedRow {
  readonly parkedAtMs: number;
  readonly payload: string;
}

/** Points that a sink could not take at the time. */
export interface RetryRow {
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  readonly notBeforeMs: number;
  readonly points: readonly DataPoint[];
}

/** A point without the names of its members. */
export type PointRow = [
  metric: string,
  timestamp: number,
  unit: TimeUnit,
  value: string,
  tags: Tags,
  annotation?: Annotation,
  only?: 'annotation',
];

export type RecordRow = [appendedAtMs: number, pointsBefore: number, bytesBefore: number, points: PointRow[]];

/** The point that a row is of. */
export function pointOf([metric, timestamp, unit, value, tags, annotation, only]: PointRow): DataPoint {
  return {
    metric,
    timestamp,
    unit,
    value,
    tags,
    ...(annotation !== undefined && { annotation }),
    ...(only !== undefined && { only }),
  };
}
