// The store of an earlier version as the older part of the spool that it is until it is drained: what others need to know of it.

import type { Change } from '../state/change.ts';
import type { DamagedLegacyRecord, LegacyRecord } from './lmdb/store.ts';
import type { Totals } from '../log/format.ts';

export interface LegacyPart {
  /** The numbers of its records go up to this one's; those of the log come behind. */
  readonly end: Totals;
  /** Whether records of it may still be waited for. */
  isAttached(): boolean;
  /** Why a change cannot be appended yet: not before what the store holds beside its records is carried over. */
  refusal(change: Change | undefined): string | undefined;
  /** @throws FormerStoreUnreadable */
  records(from: number, through: number): AsyncIterable<LegacyRecord | DamagedLegacyRecord>;
  /** To be told of why records could not be read; resolves when it is known what comes of it: whether they can be read again. */
  unreadable(error: unknown): Promise<boolean>;
  /** When the record was appended that was read last, ms since 1970 UTC; undefined: none was read. */
  appendedAtMs: number | undefined;
  /** What its file takes. */
  fileBytes(): number;
}
