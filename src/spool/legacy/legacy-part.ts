// The interface of the legacy store to the rest of the spool, in which it is the oldest part.

import type { Change } from '../state/change.ts';
import type { Totals } from '../log/format.ts';
import type { DamagedLegacyRecord, LegacyRecord } from './lmdb/store.ts';

export interface LegacyPart {
  /** The totals of the store. The log's records follow its last one. */
  readonly end: Totals;
  /** Reports whether sinks may still need its records. */
  isAttached(): boolean;
  /** Returns the reason why a change cannot be appended yet: the store has to be carried over first. */
  refusal(change: Change | undefined): string | undefined;
  /** @throws LegacyStoreUnreadable */
  records(from: number, through: number): AsyncIterable<LegacyRecord | DamagedLegacyRecord>;
  /** Handles an error of `records`. Resolves with true once the store can be read again, with false if it is lost. */
  unreadable(error: unknown): Promise<boolean>;
  /** When the record read last was appended, ms since 1970 UTC; before the first read, when the file was written. */
  appendedAtMs: number | undefined;
  /** The size of the file. */
  fileBytes(): number;
}
