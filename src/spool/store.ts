// The store under the spool: one lmdb environment in the state directory, opened with everything that lives in it.
//
//   meta            "format" → 3; "generation" → the newest generation of run keys; "dead-letter-bytes" → how large those are;
//                   "lost-…", "skipped-[sink name]" → what was lost, and what optional sinks have missed, ever
//                   "restored [store]" → how much of one that was set aside is back; -1: all that could be
//                   "damaged [sequence number]" → how many points were in a record that is counted as lost and waited for still
//   records         sequence number → a delivery's points (record.ts)
//   positions       sink name → how far it has come (position.ts)
//   retries         [sink name, sequence number] → points that a sink could not take at the time (retries.ts)
//   runs-0 … -3     a run's second and the hash of its key → digest of its contents; a generation an hour, the oldest emptied in turn
//   parked          [waits for, sequence number] → a measurement that waits for its node (parking.ts)
//   dead-letters    digest → what will never reach a sink, and why (dead-letters.ts)
//   malformed       digest → the sample of a body that was no push (samples.ts)
//
// Everything but the run keys is sealed with a checksum (record.ts), which is looked at when it is read; that of
// records, positions and retries is over the key, too: lmdb may give the value before for one that it cannot uncompress.
//
// lmdb writes copy-on-write, so a process that dies leaves the last transaction whole. The changes that come while the
// event loop is busy share one transaction and one sync. It is a synchronous one on purpose: it either throws, having
// changed nothing, or it is on disk; what lmdb's asynchronous writes do on a full disk nobody can tell from outside.

import { type Database, open, type RootDatabase } from 'lmdb';
import type { Clock } from '../clock.ts';
import { recordDictionary } from './dictionary.ts';
import { type Disk, diskOf } from './disk.ts';
import { DiskFailed, groupedTransactions } from './grouped-transactions.ts';
import { sealedJson } from './record.ts';
import { openRoom } from './room.ts';
import { openStoreFile, type StoreFile } from './store-file.ts';
import { reusableBytes } from './store-size.ts';

export interface Store {
  readonly meta: Database<number, string>;
  readonly records: Database<Buffer, number>;
  readonly positions: Database<Buffer, string>;
  readonly retries: Database<Buffer, [sinkName: string, sequence: number]>;
  readonly runs: readonly Database<string, string>[];
  readonly parked: Database<ParkedRow, [waitsFor: string, sequence: number]>;
  readonly deadLetters: Database<LetterRow, string>;
  readonly malformed: Database<LetterRow, string>;
  /**
   * Makes a change in the next transaction; resolves with what it returned, once that is on disk. A change that throws
   * must not have put anything. Rejects when the transaction fails: nothing of it is stored then. A change may be made
   * a second time, after what is held in memory was read anew.
   */
  write<Result>(change: () => Result): Promise<Result>;
  /** Called after a transaction has failed, so that what is held in memory can be read anew. */
  onFailure(reread: () => void): void;
  /** Why nothing may be appended now, since the disk is nearly full; undefined when there is room. */
  scarcity(): string | undefined;
  /** Fails when the file has been deleted or replaced; after each transaction that is looked at in any case. */
  lookAtFile(): void;
  /** Resolves when nothing can be written any more. */
  readonly failed: Promise<DiskFailed>;
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
  /** After sysexits: something about the installation is wrong. */
  readonly exitCode = 78;
}

export function unknownFormat(directory: string, found: number | undefined): UnknownFormat {
  return new UnknownFormat(`spool in ${directory}: format ${found ?? 'none'} is not known here (this program writes ${format})`);
}

export interface StoreOptions {
  readonly clock: Clock;
  /** By default the one that the directory is on. */
  readonly disk?: Disk;
  /** Told when the disk is nearly full, with the reason, and when there is room again. */
  readonly onScarcity?: (scarcity: string | undefined) => void;
}

export const format = 3;
const runGenerations = 4;

/**
 * Opens the store in `directory`, making it when there is none. lmdb forgets the readers that have died as it opens.
 *
 * @throws UnknownFormat when a version that this program does not know wrote it; DiskFailed when lmdb cannot read it
 */
export async function openStore(directory: string, { clock, disk = diskOf(directory), onScarcity = () => {} }: StoreOptions): Promise<Store> {
  const damage: { tell: (error: unknown) => void } = { tell: () => {} };
  const { environment, databases } = opened(directory, (error) => damage.tell(error));
  const room = openRoom({ disk, clock, reusableBytes: () => reusableBytes(Object.values(databases).flat()), onChange: onScarcity });
  const file = openStoreFile(directory, clock.now);
  const transactions = groupedTransactions({
    transact(changes) {
      disk.transact(() => environment.transactionSync(changes));
      requireThere(file);
    },
    isLackOfSpace: room.isLackOfSpace,
  });
  damage.tell = transactions.fail;
  const store: Store = {
    ...databases,
    write: transactions.write,
    onFailure: transactions.onFailure,
    scarcity: room.scarcity,
    lookAtFile() {
      if (!file.isThere()) transactions.fail(new FileGone());
    },
    failed: transactions.failed.then((failure) => rescued(file, failure)),
    async close() {
      transactions.close();
      if (!file.isThere()) await file.rescue();
      await environment.close();
      file.close();
    },
  };
  const found = store.meta.get('format');
  if (found !== undefined && found !== format) {
    await environment.close();
    file.close();
    throw unknownFormat(directory, found);
  }
  if (found === undefined) await store.write(() => void store.meta.putSync('format', format));
  return store;
}

/** The file of the store has another name now, or none. */
class FileGone extends Error {
  override readonly name = 'FileGone';
  constructor() {
    super('data.mdb was deleted or replaced');
  }
}

/** After the sync: what was written into a file that had gone before is not acknowledged. */
function requireThere(file: StoreFile): void {
  if (!file.isThere()) throw new FileGone();
}

/** Nothing is written any more: what is in a file that is gone can be copied as it is. */
async function rescued(file: StoreFile, failure: DiskFailed): Promise<DiskFailed> {
  return failure.cause instanceof FileGone ? new DiskFailed(`spool: ${await file.rescue()}`, { cause: failure.cause }) : failure;
}

function opened(directory: string, onDamage: (error: unknown) => void): { readonly environment: RootDatabase; readonly databases: Databases } {
  try {
    const environment = open({ path: directory, maxDbs: 16, noSubdir: false, overlappingSync: false });
    return { environment, databases: openDatabases(environment, onDamage) };
  } catch (error) {
    throw new DiskFailed(`spool in ${directory}: cannot be opened: ${(error as Error).message}`, { cause: error });
  }
}

type Databases = Pick<Store, 'meta' | 'records' | 'positions' | 'retries' | 'runs' | 'parked' | 'deadLetters' | 'malformed'>;

function openDatabases(environment: RootDatabase, onDamage: (error: unknown) => void): Databases {
  const sealed = { encoder: sealedJson(onDamage) };
  const compressed = { encoding: 'binary', compression: { threshold: 256, dictionary: recordDictionary() } } as const;
  return {
    meta: environment.openDB({ name: 'meta', ...sealed }),
    records: environment.openDB({ name: 'records', ...compressed }),
    positions: environment.openDB({ name: 'positions', encoding: 'binary' }),
    retries: environment.openDB({ name: 'retries', ...compressed }),
    runs: Array.from({ length: runGenerations }, (_, index) => environment.openDB({ name: `runs-${index}`, encoding: 'string' })),
    parked: environment.openDB({ name: 'parked', ...sealed }),
    deadLetters: environment.openDB({ name: 'dead-letters', ...sealed }),
    malformed: environment.openDB({ name: 'malformed', ...sealed }),
  };
}
