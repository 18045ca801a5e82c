// Group commit: the changes that were asked for since the last transaction share the next one, and its sync. What to do
// when it fails depends on why: on a full disk it is made once more, without what finds no room; otherwise it was the last.

import { DamagedRecord } from './record.ts';
import { SpoolFull } from './spool-full.ts';

/** The disk fails, or what is stored is damaged: nothing is written any more. */
export class DiskFailed extends Error {
  override readonly name = 'DiskFailed';
  /** After sysexits: an input or output error. */
  readonly exitCode = 74;
  readonly status = 503;
  readonly expose = true;
  readonly retryAfterMs = 30_000;
}

export interface GroupedTransactions {
  /** See Store.write. */
  write<Result>(change: () => Result): Promise<Result>;
  /** See Store.onFailure. */
  onFailure(reread: () => void): void;
  /** Makes what was asked for so far; whatever is asked for from now on is rejected. */
  close(): void;
  /** Ends it all: nothing is written from now on. */
  fail(error: unknown): void;
  /** Resolves when a transaction has failed and the disk is not full, or somebody has ended it. */
  readonly failed: Promise<DiskFailed>;
}

export interface GroupedTransactionsOptions {
  /** Runs what it is given in one transaction; returns when that is on disk, throws when it is not. */
  readonly transact: (changes: () => void) => void;
  /** See Room in room.ts. */
  readonly isLackOfSpace: (error: unknown) => boolean;
}

/** A change that waits for the next transaction. */
interface Waiting {
  /** Runs inside the transaction; returns how to tell the one who asked, once it is on disk. */
  readonly make: () => () => void;
  readonly fail: (error: unknown) => void;
}

export function groupedTransactions({ transact, isLackOfSpace }: GroupedTransactionsOptions): GroupedTransactions {
  let waiting: Waiting[] = [];
  let isClosed = false;
  let failure: DiskFailed | undefined;
  let tellFailed: (failure: DiskFailed) => void;
  const failed = new Promise<DiskFailed>((resolve) => void (tellFailed = resolve));
  const rereads: (() => void)[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    if (failure !== undefined) return refuse(group, failure);
    const first = attempt(transact, group);
    if (first.isMade) return first.tell();
    if (!isLackOfSpace(first.error)) return refuse(group, fail(first.error));
    reread();
    const second = attempt(transact, group);
    if (second.isMade) return second.tell();
    if (!isLackOfSpace(second.error)) return refuse(group, fail(second.error));
    reread();
    refuse(group, new SpoolFull('disk: no space left, and not for what makes room either', { cause: second.error }));
  }

  function fail(error: unknown): DiskFailed {
    failure ??= new DiskFailed(`spool: ${(error as Error).message}`, { cause: error });
    tellFailed(failure);
    return failure;
  }

  function reread(): void {
    for (const each of rereads) each();
  }

  return {
    write(change) {
      return new Promise((resolve, reject) => {
        if (isClosed) return reject(new Error('the spool is closed'));
        if (waiting.length === 0) setImmediate(flush);
        const make = (): (() => void) => {
          const result = change();
          return () => resolve(result);
        };
        waiting.push({ make, fail: reject });
      });
    },
    onFailure: (each) => void rereads.push(each),
    close() {
      isClosed = true;
      flush();
    },
    fail: (error) => void fail(error),
    failed,
  };
}

type Attempt = { readonly isMade: true; readonly tell: () => void } | { readonly isMade: false; readonly error: unknown };

function attempt(transact: GroupedTransactionsOptions['transact'], group: readonly Waiting[]): Attempt {
  const done: (() => void)[] = [];
  try {
    transact(() => {
      done.length = 0;
      for (const { make, fail } of group) {
        try {
          done.push(make());
        } catch (error) {
          if (isOfStore(error)) throw error;
          done.push(() => fail(error));
        }
      }
    });
  } catch (error) {
    return { isMade: false, error };
  }
  return {
    isMade: true,
    tell() {
      for (const tell of done) tell();
    },
  };
}

/** lmdb's errors bear a number. A change that threw one, or met damage, may have put half of what it wanted. */
export function isOfStore(error: unknown): boolean {
  return error instanceof DamagedRecord || typeof (error as { readonly code?: unknown }).code === 'number';
}

function refuse(group: readonly Waiting[], error: unknown): void {
  for (const { fail } of group) fail(error);
}
