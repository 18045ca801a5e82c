// The reader of a sink in the thread of the outlets: takes batches out of the log by itself, and tells the owner what became of them.

import { wakeup } from '../../runtime/wakeup.ts';
import type { Clock } from '../../runtime/clock.ts';
import { lingerMs } from '../open-sinks.ts';
import { batchTaker } from '../../spool/readers/batches.ts';
import type { StoreReplica } from '../../spool/replica/store-replica.ts';
import type { SpoolReader } from '../../spool/readers/reader.ts';
import type { RulingCounts } from '../outlet.ts';
import type { FromThread } from './messages.ts';

export interface RemoteReaderOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly directory: string;
  readonly store: StoreReplica;
  readonly sinkName: string;
  readonly send: (message: FromThread) => void;
  /** What its outlet has counted so far. */
  readonly counts: () => RulingCounts;
  /** Sends a question, and resolves when it is answered. */
  readonly ask: (question: (id: number) => FromThread) => Promise<void>;
}

export function remoteReader({
  clock,
  directory,
  store,
  sinkName: sink,
  counts,
  send,
  ask,
}: RemoteReaderOptions): SpoolReader {
  const { wait, notify } = wakeup();
  /** How far the log was when somebody last began to wait. */
  let heardOf = -1;
  let isDozing = false;
  const { finishedRetry, ...taker } = batchTaker({
    directory,
    store,
    sinkName: sink,
    onDamage: (damage) =>
      send({
        kind: 'damage',
        sink,
        damage,
      }),
    onLostRetry: (sequence, points) =>
      send({
        kind: 'lostRetry',
        sink,
        sequence,
        points,
      }),
  });
  return {
    ...taker,
    async finish({ range, damage }, outcome) {
      const settled = { range, damage };
      const isToBeKept = outcome.letters.length > 0 || outcome.kept.length > 0 || damage.length > 0;
      if (isToBeKept) await ask((id) => ({ kind: 'settle', id, sink, settled, outcome, counts: counts() }));
      else send({ kind: 'finished', sink, settled, counts: counts() });
      store.finished(sink, range);
    },
    async finishRetry({ sequence, attempts, firstKeptAtMs }, outcome) {
      await ask((id) => ({ kind: 'settleRetry', id, sink, retry: { sequence, attempts, firstKeptAtMs }, outcome }));
      finishedRetry(sequence);
    },
    loseRetry: (sequence, points) => send({ kind: 'lostRetry', sink, sequence, points }),
    bell: {
      notify,
      /**
       * While the log moves it is looked at again after a pause, for a message from the owner costs more than a push; once it has rested
       * for so long the owner wakes those who wait.
       */
      async wait() {
        const version = store.end.version();
        if (version !== heardOf) {
          heardOf = version;
          void doze();
        } else {
          store.end.wait();
          if (store.end.version() !== version) notify();
        }
        await wait();
      },
    },
  };

  async function doze(): Promise<void> {
    if (isDozing) return;
    isDozing = true;
    await clock.sleep(lingerMs);
    isDozing = false;
    notify();
  }
}
