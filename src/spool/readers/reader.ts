// A sink's reader of the spool: takes batches and records their outcome.

import type { Log } from '../../runtime/log.ts';
import { type Wakeup, wakeup } from '../../runtime/wakeup.ts';
import { legacyRecordFeed } from '../legacy/record-feed.ts';
import type { Damage } from '../log/record-reader.ts';
import { type Batch, type BatchTaker, batchTaker, type Retry } from './batches.ts';
import { finishBatch, finishRetry, type Outcome, type OutcomeOptions } from './outcome.ts';

export interface SpoolReader extends Omit<BatchTaker, 'finishedRetry'> {
  /** Resolves when letters and kept points are durable; at once if there are none. */
  finish(batch: Batch, outcome: Outcome): Promise<void>;
  /** Resolves when the outcome is durable. */
  finishRetry(retry: Retry, outcome: Outcome): Promise<void>;
  /** Counts an unreadable entry of the retry set as lost. */
  loseRetry(sequence: number, points: number): void;
  /** Notified after each durable group. The owner of the reader may notify it too. */
  readonly wakeup: Wakeup;
}

interface ReaderOptions extends OutcomeOptions {
  /** Logs unreadable records. */
  readonly log: Log | undefined;
}

/** The sink must have a position. */
export function spoolReader(options: ReaderOptions): SpoolReader {
  const { store, sinkName, log } = options;
  const { directory } = store;
  const appended = wakeup();
  store.onDurable(appended.notify);
  const loseRetry = (sequence: number, points: number): void =>
    store.append({ change: { noRetries: [[sinkName, sequence]], lost: { retries: 1, points } } });
  const part = store.legacy;
  const legacy = part && {
    ...legacyRecordFeed(part, appended.notify),
    through: () => (part.isAttached() ? part.end.records : 0),
  };
  const onDamage = (damage: Damage): void =>
    log?.error({ sink: sinkName, ...damage }, 'a part of the spool cannot be read; what was in it is lost');
  const { finishedRetry, ...taker } = batchTaker({
    directory,
    store,
    sinkName,
    legacy,
    onDamage,
    onLostRetry: loseRetry,
  });
  return {
    ...taker,
    finish: (batch, outcome) => finishBatch(options, batch, outcome),
    async finishRetry(retry, outcome) {
      await finishRetry(options, retry, outcome);
      finishedRetry(retry.sequence);
    },
    loseRetry,
    wakeup: appended,
  };
}
