// A sink's spool reader in the outlet thread. It reads batches from the log itself, and sends their outcomes to the
// main thread.

import { type Wakeup, wakeup } from '../../runtime/wakeup.ts';
import type { Clock } from '../../runtime/clock.ts';
import { batchTaker } from '../../spool/readers/batches.ts';
import type { SharedDurableEnd } from '../../spool/replica/durable-end.ts';
import type { StoreReplica } from '../../spool/replica/store-replica.ts';
import type { SpoolReader } from '../../spool/readers/reader.ts';
import { lingerMs } from '../linger.ts';
import type { RulingCounts } from '../outlet.ts';
import type { FromThread } from './messages.ts';

export interface RemoteReaderOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly directory: string;
  readonly store: StoreReplica;
  readonly sinkName: string;
  readonly send: (message: FromThread) => void;
  /** The counts of its outlet. */
  readonly counts: () => RulingCounts;
  /** Sends a message with an id, and resolves with its answer. */
  readonly request: (message: (id: number) => FromThread) => Promise<void>;
}

export function remoteReader(options: RemoteReaderOptions): SpoolReader {
  const { clock, directory, store, sinkName: sink, counts, send, request } = options;
  const loseRetry = (sequence: number, points: number): void => send({ kind: 'lostRetry', sink, sequence, points });
  const { finishedRetry, ...taker } = batchTaker({
    directory,
    store,
    sinkName: sink,
    onDamage: (damage) => send({ kind: 'damage', sink, damage }),
    onLostRetry: loseRetry,
  });
  return {
    ...taker,
    async finish({ range, damage }, outcome) {
      const message = { kind: 'finish', sink, batch: { range, damage }, outcome, counts: counts() } as const;
      const hasToBeStored = outcome.letters.length > 0 || outcome.kept.length > 0 || damage.length > 0;
      if (hasToBeStored) await request((id) => ({ ...message, id }));
      else send(message);
      store.finished(sink, range);
    },
    async finishRetry({ sequence, attempts, firstKeptAtMs }, outcome) {
      await request((id) => ({ kind: 'finishRetry', id, sink, retry: { sequence, attempts, firstKeptAtMs }, outcome }));
      finishedRetry(sequence);
    },
    loseRetry,
    wakeup: logWakeup(store.end, clock),
  };
}

/**
 * Polls the log while it grows, since a message for each push costs more. Once the log is at rest, the main thread
 * wakes the reader.
 */
function logWakeup(end: SharedDurableEnd, clock: RemoteReaderOptions['clock']): Wakeup {
  const { wait, notify } = wakeup();
  let lastVersion = -1;
  let isPolling = false;

  async function poll(): Promise<void> {
    if (isPolling) return;
    isPolling = true;
    await clock.sleep(lingerMs);
    isPolling = false;
    notify();
  }

  return {
    notify,
    async wait() {
      const version = end.version();
      if (version !== lastVersion) {
        lastVersion = version;
        void poll();
      } else {
        end.wait();
        if (end.version() !== version) notify();
      }
      await wait();
    },
  };
}
