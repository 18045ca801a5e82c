// The store under the spool: one lmdb environment in the state directory, opened with everything that lives in it.
//
//   meta            "format" → 1; "generation" → the newest generation of run keys; "dead-letter-bytes" → how large those are
//   records         sequence number → a delivery's points (record.ts)
//   positions       sink name → how far it has come (position.ts)
//   retries         [sink name, sequence number] → points that a sink could not take at the time (retries.ts)
//   runs-0 … -3     hash of a run's key → digest of its contents; a generation an hour, the oldest emptied in turn
//   parked          [waits for, sequence number] → a measurement that waits for its node (parking.ts)
//   dead-letters    digest → what will never reach a sink, and why (dead-letters.ts)
//   malformed       digest → the sample of a body that was no push (samples.ts)
//
// lmdb writes copy-on-write, so a process that dies leaves the last transaction whole. The changes that come while the
// event loop is busy share one transaction and one sync. It is a synchronous one on purpose: it either throws, having
// changed nothing, or it is on disk; what lmdb's asynchronous writes do on a full disk nobody can tell from outside.

import { type Database, open } from 'lmdb';
import { groupedTransactions } from './grouped-transactions.ts';
import type { Position } from './position.ts';

export interface Store {
  readonly meta: Database<number, string>;
  readonly records: Database<Buffer, number>;
  readonly positions: Database<Position, string>;
  readonly retries: Database<Buffer, [sinkName: string, sequence: number]>;
  readonly runs: readonly Database<string, string>[];
  readonly parked: Database<ParkedRow, [waitsFor: string, sequence: number]>;
  readonly deadLetters: Database<LetterRow, string>;
  readonly malformed: Database<LetterRow, string>;
  /**
   * Makes a change in the next transaction; resolves with what it returned, once that is on disk. A change that throws
   * must not have put anything. Rejects when the transaction fails: nothing of it is stored then.
   */
  write<Result>(change: () => Result): Promise<Result>;
  /** Called after a transaction has failed, so that what is held in memory can be read anew. */
  onFailure(reread: () => void): void;
  close(): Promise<void>;
}

export interface ParkedRow {
  readonly parkedAtMs: number;
  readonly payload: string;
}

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

/** A store that this program cannot read. */
export class UnknownFormat extends Error {
  override readonly name = 'UnknownFormat';
}

const format = 1;
const runGenerations = 4;

/**
 * Opens the store in `directory`, making it when there is none.
 *
 * @throws UnknownFormat when a version that this program does not know wrote it
 */
export async function openStore(directory: string): Promise<Store> {
  const environment = open({ path: directory, maxDbs: 16, encoding: 'json', noSubdir: false, overlappingSync: false });
  const transactions = groupedTransactions((changes) => environment.transactionSync(changes));
  const store: Store = {
    meta: environment.openDB({ name: 'meta', encoding: 'json' }),
    records: environment.openDB({ name: 'records', encoding: 'binary', compression: { threshold: 256 } }),
    positions: environment.openDB({ name: 'positions', encoding: 'json' }),
    retries: environment.openDB({ name: 'retries', encoding: 'binary', compression: { threshold: 256 } }),
    runs: Array.from({ length: runGenerations }, (_, index) => environment.openDB({ name: `runs-${index}`, encoding: 'string' })),
    parked: environment.openDB({ name: 'parked', encoding: 'json' }),
    deadLetters: environment.openDB({ name: 'dead-letters', encoding: 'json' }),
    malformed: environment.openDB({ name: 'malformed', encoding: 'json' }),
    write: transactions.write,
    onFailure: transactions.onFailure,
    async close() {
      transactions.close();
      await environment.close();
    },
  };
  const found = store.meta.get('format');
  if (found !== undefined && found !== format) {
    await environment.close();
    throw new UnknownFormat(`spool in ${directory}: format ${found} is not known here (this program writes ${format})`);
  }
  if (found === undefined) await store.write(() => void store.meta.putSync('format', format));
  return store;
}

/** How many entries a database has, without reading them. */
export function entries(database: Pick<Store['deadLetters'], 'getStats'>): number {
  return (database.getStats() as LmdbStats).entryCount;
}

/** How many bytes the pages of a database take. */
export function pageBytes(database: Pick<Store['records'], 'getStats'>): number {
  const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = database.getStats() as LmdbStats;
  return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
}

/** What lmdb says of a database. */
interface LmdbStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
  readonly entryCount: number;
}
