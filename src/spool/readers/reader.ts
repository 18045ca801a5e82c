// A sink's view of the spool: takes out batches, and records what became of them.

import { type Wakeup, wakeup } from '../../runtime/wakeup.ts';
import { type Batch, type BatchTaker, batchTaker, type Retry } from './batches.ts';
import { legacyRecordFeed } from '../legacy/record-feed.ts';
import type { Damage } from '../log/record-reader.ts';
import { finishBatch, finishRetry, type Outcome, type SettlingOptions } from './settling.ts';

export interface SpoolReader extends Omit<BatchTaker, 'finishedRetry'> {
  /** Records that the batch is finished, and what became of its points; resolves when that which has to be kept is durable. */
  finish(batch: Batch, outcome: Outcome): Promise<void>;
  /** Records what became of points of the retry set; resolves when it is durable. */
  finishRetry(retry: Retry, outcome: Outcome): Promise<void>;
  /** Counts an entry of the retry set as lost that cannot be read. */
  loseRetry(sequence: number, points: number): void;
  /** Rung after each append; the reader's owner may ring it too. */
  readonly bell: Wakeup;
}

export interface ReaderOptions extends SettlingOptions {
  readonly directory: string;
  /** Told of records that cannot be read. */
  readonly onDamage: (damage: Damage) => void;
}

/** The reader of a sink that has a position. */
export function spoolReader(options: ReaderOptions): SpoolReader {
  const { store, sinkName } = options;
  const appends = wakeup();
  store.onDurable(appends.notify);
  const loseRetry = (sequence: number, points: number): void =>
    store.append({ change: { noRetries: [[sinkName, sequence]], lost: { retries: 1, points } } });
  const former = store.former();
  const records = former && {
    ...legacyRecordFeed(former, appends.notify),
    through: () => (former.isAttached() ? former.end.records : 0),
  };
  const { finishedRetry, ...taker } = batchTaker({ ...options, former: records, onLostRetry: loseRetry });
  return {
    ...taker,
    finish: (batch, outcome) => finishBatch(options, batch, outcome),
    async finishRetry(retry, outcome) {
      await finishRetry(options, retry, outcome);
      finishedRetry(retry.sequence);
    },
    loseRetry,
    bell: appends,
  };
}
