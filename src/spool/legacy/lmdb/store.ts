// The legacy store, for the main process. A reader process (reader-child.ts) reads it, and nothing writes to it.

import type { DataPoint } from '../../../model/point.ts';
import { renewLockFile } from './files.ts';
import { type LegacyHead, pointOf } from './format.ts';
import { type LegacyItem, itemsOf, type OpenLegacyStore } from './items.ts';
import { faultOfMetaPages } from './meta-pages.ts';
import { type ReaderOptions, startReader } from './reader-child.ts';
import type { RecordEntry, Records, Unreadable } from './requests.ts';
import { ioError, LegacyStoreUnreadable } from './unreadable.ts';

export interface LegacyRecord {
  readonly sequence: number;
  /** ms since 1970 UTC */
  readonly appendedAtMs: number;
  readonly points: readonly DataPoint[];
  /** Counted against the spool's bound. */
  readonly bytes: number;
}

export interface DamagedLegacyRecord {
  readonly sequence: number;
  readonly damaged: true;
  /** Derived from the neighbours; undefined if they are damaged as well. */
  readonly points?: number;
}

export interface LegacyStore {
  readonly head: LegacyHead;
  /** The id of the reader process. */
  readonly pid: number | undefined;
  /** Yields everything but the records, the positions first. */
  items(): AsyncIterable<LegacyItem>;
  /**
   * Yields the records of a range in order, both ends included. No record of the range may be finished, since a missing
   * one counts as lost. Several ranges can be read at once.
   *
   * @throws LegacyStoreUnreadable
   */
  records(from: number, through: number): AsyncIterable<LegacyRecord | DamagedLegacyRecord>;
  close(): Promise<void>;
}

/**
 * Opens the store in a directory, which nothing else may have open.
 *
 * @throws LegacyStoreUnreadable
 */
export async function openLegacyStore(directory: string, options: ReaderOptions): Promise<LegacyStore> {
  try {
    renewLockFile(directory);
  } catch (error) {
    throw new LegacyStoreUnreadable(`spool in ${directory}: cannot be opened: ${(error as Error).message}`, {
      exitCode: ioError,
    });
  }
  const reader = startReader(directory, options);
  try {
    const opened = await reader.opened;
    if ('unreadable' in opened) throw new LegacyStoreUnreadable(opened.unreadable, opened);
    const store = { directory, reader, opened, fault: faultOfMetaPages(directory) };
    return {
      head: opened.head,
      pid: reader.pid,
      items: () => itemsOf(store),
      records: (from, through) => recordsOf(store, from, through),
      close: reader.close,
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function* recordsOf(
  { directory, reader, opened }: OpenLegacyStore,
  from: number,
  through: number,
): AsyncGenerator<LegacyRecord | DamagedLegacyRecord> {
  const last = Math.min(through, opened.head.sequence);
  const request = (recordsFrom: number): Promise<Unreadable | Records> => {
    const response = reader.request({ recordsFrom, through: last });
    // A failure is thrown where the response is awaited, if anywhere.
    response.catch(() => {});
    return response;
  };
  let pending = from <= last ? request(from) : undefined;
  while (pending !== undefined) {
    const response = await pending;
    if ('unreadable' in response)
      throw new LegacyStoreUnreadable(`spool in ${directory}: records: ${response.unreadable}`);
    // The next response is read while this one is consumed.
    pending = response.next === undefined ? undefined : request(response.next);
    for (const entry of response.records) yield* recordsIn(entry);
  }
}

function* recordsIn(entry: RecordEntry): Generator<LegacyRecord | DamagedLegacyRecord> {
  if ('row' in entry) {
    const { sequence, bytes, row } = entry;
    yield { sequence, appendedAtMs: row[0], points: row[3].map(pointOf), bytes };
    return;
  }
  const [from, through] = entry.lost;
  let left = entry.points;
  for (let sequence = from; sequence <= through; sequence += 1) {
    const points = left === undefined ? undefined : Math.round(left / (through - sequence + 1));
    if (left !== undefined) left -= points ?? 0;
    yield { sequence, damaged: true, ...(points !== undefined && { points }) };
  }
}
