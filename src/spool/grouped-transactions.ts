// Group commit: the changes that were asked for since the last transaction share the next one, and its sync.

export interface GroupedTransactions {
  /** See Store.write. */
  write<Result>(change: () => Result): Promise<Result>;
  /** See Store.onFailure. */
  onFailure(reread: () => void): void;
  /** Makes what was asked for so far; whatever is asked for from now on is rejected. */
  close(): void;
}

/** The transaction failed, for lack of space or because the disk does: nothing of it is stored, and it may be asked for again. */
export class NotWritten extends Error {
  override readonly name = 'NotWritten';
  readonly status = 503;
  readonly expose = true;
  readonly retryAfterMs = 30_000;
  constructor(cause: Error) {
    super(`spool: cannot be written (${cause.message})`, { cause });
  }
}

/** A change that waits for the next transaction. */
interface Waiting {
  /** Runs inside the transaction; returns how to tell the one who asked, once it is on disk. */
  readonly make: () => () => void;
  readonly fail: (error: unknown) => void;
}

/** @param transact - runs what it is given in one transaction; returns when that is on disk, throws when it is not */
export function groupedTransactions(transact: (changes: () => void) => void): GroupedTransactions {
  let waiting: Waiting[] = [];
  let isClosed = false;
  const rereads: (() => void)[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    if (group.length > 0) commit(transact, group, rereads);
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
    onFailure: (reread) => void rereads.push(reread),
    close() {
      isClosed = true;
      flush();
    },
  };
}

function commit(transact: (changes: () => void) => void, group: readonly Waiting[], rereads: readonly (() => void)[]): void {
  const done: (() => void)[] = [];
  try {
    transact(() => {
      for (const { make, fail } of group) {
        try {
          done.push(make());
        } catch (error) {
          done.push(() => fail(error));
        }
      }
    });
  } catch (error) {
    for (const reread of rereads) reread();
    const failure = new NotWritten(error as Error);
    for (const { fail } of group) fail(failure);
    return;
  }
  for (const tell of done) tell();
}
