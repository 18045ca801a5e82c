// The protocol of the reader process: one line of JSON for each request and each response. Its first line is `Opened`.

import type { LegacyDatabaseName, LegacyHead, LegacyKey, RecordRow } from './format.ts';

/** A response holds what fits into 64 KiB; the main process then requests the rest. */
export type LegacyRequest =
  | { readonly id: number; readonly entriesOf: LegacyDatabaseName; readonly after?: LegacyKey }
  | { readonly id: number; readonly recordsFrom: number; readonly through: number };

export type Opened =
  | {
      readonly head: LegacyHead;
      /** The head before the first readable record; the head itself if no record is readable. */
      readonly before: LegacyHead;
    }
  /** With an `exitCode` (sysexits) the cause is not damage. */
  | { readonly unreadable: string; readonly exitCode?: number };

export type Entry =
  /** `row`: the parsed JSON, or the digest of a run. */
  { readonly key: LegacyKey; readonly row: unknown } | { readonly key: LegacyKey; readonly isDamaged: true };

export interface Entries {
  readonly id: number;
  readonly entries: readonly Entry[];
  /** In the last response: lmdb's count of the database. */
  readonly counted?: number;
}

/** `points`: the sum over the lost records; undefined if a neighbour is lost as well. */
export interface LostRecords {
  readonly lost: readonly [from: number, through: number];
  readonly points?: number;
}

export type RecordEntry = { readonly sequence: number; readonly bytes: number; readonly row: RecordRow } | LostRecords;

export interface Records {
  readonly id: number;
  readonly records: readonly RecordEntry[];
  /** The start of the next response; undefined in the last one. */
  readonly next?: number;
}

/** lmdb failed. */
export interface Unreadable {
  readonly id: number;
  readonly unreadable: string;
}
