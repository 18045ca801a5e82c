// What is asked of the process that reads the former store, and what it answers: a line of JSON each, an answer to a question.
// It says the first word, `Opened`, by itself.

import type { LegacyDatabaseName, LegacyHead, RecordRow } from './rows.ts';
import type { LegacyKey } from './sealed-text.ts';

/** For some entries, as many as are easily held in memory. */
export type Question =
  | { readonly id: number; readonly entriesOf: LegacyDatabaseName; readonly after?: LegacyKey }
  | { readonly id: number; readonly recordsFrom: number; readonly through: number };

export type Opened =
  | {
      readonly head: LegacyHead;
      /** What came before the first record that can be read; before what comes next when there is none. */ readonly before: LegacyHead;
    }
  /** `exitCode`: after sysexits, where it is not damage that keeps it from being read. */
  | { readonly unreadable: string; readonly exitCode?: number };

export type Entry =
  /** `row`: what was stored, JSON or the digest of a run. */
  { readonly key: LegacyKey; readonly row: unknown } | { readonly key: LegacyKey; readonly isDamaged: true };

export interface Entries {
  readonly id: number;
  readonly entries: readonly Entry[];
  /** At the end: how many the database has, as lmdb has counted them. */
  readonly counted?: number;
}

/** `points`: in the lost ones together, where both their neighbours can be read. */
export interface LostRecords {
  readonly lost: readonly [from: number, through: number];
  readonly points?: number;
}

export type RecordEntry = { readonly sequence: number; readonly bytes: number; readonly row: RecordRow } | LostRecords;

export interface Records {
  readonly id: number;
  readonly records: readonly RecordEntry[];
  /** Where to go on; undefined at the end of the stretch. */
  readonly next?: number;
}

/** lmdb could not go on, and said so. */
export interface Unanswered {
  readonly id: number;
  readonly unreadable: string;
}

export type Answer = Entries | Records | Unanswered;
