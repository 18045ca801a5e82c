// A sink's view of the spool: takes out batches, and records what became of them.

import { type Bell, bell } from '../bell.ts';
import { type Batch, type BatchTaker, batchTaker, type Retry } from './batches.ts';
import type { Damage } from './log/record-reader.ts';
import { finishBatch, finishRetry, type Outcome, type SettlingOptions } from './settling.ts';

export interface SpoolReader extends Omit<BatchTaker, 'finishedRetry'> {
  /** Records that the batch is finished, and what became of its points; resolves when that which has to be kept is durable. */
  finish(batch: Batch, outcome: Outcome): Promise<void>;
  /** Records what became of points of the retry set; resolves when it is durable. */
  finishRetry(retry: Retry, outcome: Outcome): Promise<void>;
  /** Rung after each append; the reader's owner may ring it too. */
  readonly bell: Bell;
}

export interface ReaderOptions extends SettlingOptions {
  readonly directory: string;
  /** Told of records that cannot be read. */
  readonly onDamage: (damage: Damage) => void;
}

/** The reader of a sink that has a position. */
export function spoolReader(options: ReaderOptions): SpoolReader {
  const { store, sinkName } = options;
  const appends = bell();
  store.onDurable(appends.ring);
  const { finishedRetry, ...taker } = batchTaker({
    ...options,
    onLostRetry: (sequence, points) => store.append({ change: { noRetries: [[sinkName, sequence]], lost: { retries: 1, points } } }),
  });
  return {
    ...taker,
    finish: (batch, outcome) => finishBatch(options, batch, outcome),
    async finishRetry(retry, outcome) {
      await finishRetry(options, retry, outcome);
      finishedRetry(retry.sequence);
    },
    bell: appends,
  };
}
