// The spool: a durable queue on disk. Sources append deliveries, and each sink reads them at its own position.
//
//   append ──► frame ──► group ──► segment 7, 8, 9 …      one log (log/README.md)
//                            ▲          ▲
//             low-water ─────┘          └── a segment that every sink has passed
//                mark                       is recycled after a checkpoint

import type { Deliver } from '../model/point.ts';
import type { Log } from '../runtime/log.ts';
import { type DeadLetters, deadLettersOf, type Samples, samplesOf } from './dead-letters/dead-letters.ts';
import { joinLetters, type Letters } from './dead-letters/letters.ts';
import { type Requeued, requeuePoints } from './dead-letters/requeue.ts';
import { type Bounds, deliverer, waitingBytes } from './deliver.ts';
import { checkDirectory } from './disk/directory-check.ts';
import type { DiskFailed } from './disk/disk-failed.ts';
import { type OpenedStore, openWithLegacyStore } from './legacy/open-with-legacy.ts';
import type { Losses } from './losses.ts';
import { type Parking, parkingOf } from './parking.ts';
import { type Budget, skipTooOld } from './readers/budgets.ts';
import { type DroppedPoints, dropBacklog } from './readers/drop-backlog.ts';
import { type SpoolReader, spoolReader } from './readers/reader.ts';
import { addSink, forgetRemovedSinks, markRemovedSinks, type RemovedSink } from './readers/removed-sinks.ts';
import { type SharedStore, sharedStore } from './replica/replica-updates.ts';
import { hasLetter } from './state/state.ts';
import { type SpoolStatus, spoolStatus } from './status.ts';
import type { StoreOptions } from './store.ts';

export interface Spool {
  /** Resolves when the points are durable. */
  readonly append: Deliver;
  readonly parking: Parking;
  readonly deadLetters: DeadLetters;
  readonly samples: Samples;
  /** Dead letters and samples. */
  readonly letters: Letters;
  /** Requeues the points of dead letters and deletes the letters, as one transaction. */
  requeue(ids: readonly string[]): Promise<Requeued[]>;
  /** Deletes letters. Resolves with the number that existed. */
  dropLetters(ids: readonly string[]): Promise<number>;
  /** Drops the backlog of a sink. Throws NoSuchSink. */
  drop(sinkName: string): Promise<DroppedPoints>;
  status(): Promise<SpoolStatus>;
  /** Resolves when the run keys of earlier starts are read. Until then `status` counts fewer runs. */
  runKeysRead(): Promise<void>;
  /** Opens the reader of a sink. A sink with a budget is optional: past the budget it skips its oldest points. */
  reader(sinkName: string, budget?: Budget): Promise<SpoolReader>;
  /** Replicates the store to a thread, which reads the log by itself. Outcomes go to the readers of this thread. */
  readonly shared: SharedStore;
  /** Marks sinks without a reader as removed, and returns those with a backlog. Called once all readers are open. */
  markRemovedSinks(): Promise<RemovedSink[]>;
  /** Bytes counted against the bound. */
  waitingBytes(): number;
  maxBytes(): number;
  /** Changes the bound. A larger backlog stays. */
  setMaxBytes(bytes: number): void;
  /** The reason if the disk is nearly full and nothing is accepted. */
  scarcity(): string | undefined;
  /** Acknowledged data that was lost, over the life of the spool. */
  lost(): Losses;
  /** Reports whether records of the legacy store wait. */
  isRestoring(): boolean;
  /** Resolves when no record of the legacy store waits. */
  legacyDrained(): Promise<void>;
  /** Resolves when the disk has failed: nothing is accepted, and the process should end. */
  readonly failed: Promise<DiskFailed>;
  /** Called every minute. Forgets what has expired, and returns removed sinks whose backlog was dropped. */
  tidy(): Promise<RemovedSink[]>;
  close(): Promise<void>;
}

export interface SpoolOptions extends Omit<StoreOptions, 'dedupMaxBytes' | 'firstTotals'> {
  /** Bound on the memory of the deduplication table; default 96 MiB. */
  readonly dedupMaxBytes?: number | undefined;
  /** Logs damage. */
  readonly log?: Log;
}

const defaultDedupMaxBytes = 96 << 20;

/**
 * Opens the spool in a directory, which is created if necessary.
 *
 * @throws UnknownFormat, PathUnusable and LegacyStoreUnreadable, or the system's error if it cannot be read
 */
export async function openSpool({
  dedupMaxBytes = defaultDedupMaxBytes,
  log,
  ...options
}: SpoolOptions): Promise<Spool> {
  checkDirectory(options.directory);
  const opened = await openWithLegacyStore({ ...options, dedupMaxBytes }, log);
  const { store } = opened;
  for (const finding of store.findings) log?.error({ finding }, 'the spool is not as it was written');
  const bounds: Bounds = {
    maxBytes: options.maxBytes,
    budgets: new Map(),
    givesWayAgainAtMs: -Infinity,
    lettersAdded: new Map(),
  };
  void store.dedup.read();
  return spoolOn(opened, bounds, log);
}

function spoolOn({ store, legacy }: OpenedStore, bounds: Bounds, log: Log | undefined): Spool {
  const readers = new Set<string>();
  const deadLetters = deadLettersOf(store, bounds.lettersAdded);
  const hasRoom = (): boolean => store.space.scarcity() === undefined && waitingBytes(store) < bounds.maxBytes;
  const samples = samplesOf(store, hasRoom);
  const letters = joinLetters(deadLetters, samples);
  return {
    append: deliverer(store, bounds),
    parking: parkingOf(store, bounds),
    deadLetters,
    samples,
    letters,
    requeue: (ids) => requeuePoints(store, letters, ids),
    async dropLetters(ids) {
      const existing = ids.filter((id) => hasLetter(store.state, id));
      if (existing.length > 0) await store.commit({ noLetters: existing });
      return existing.length;
    },
    drop: (sinkName) => dropBacklog(store, readers, sinkName),
    status: async () => spoolStatus(store, bounds, readers),
    runKeysRead: () => store.dedup.read(),
    async reader(sinkName, budget) {
      if (budget !== undefined) bounds.budgets.set(sinkName, budget);
      await addSink(store, sinkName);
      readers.add(sinkName);
      return spoolReader({ store, bounds, sinkName, log });
    },
    shared: sharedStore(store),
    markRemovedSinks: () => markRemovedSinks(store, readers),
    waitingBytes: () => waitingBytes(store),
    maxBytes: () => bounds.maxBytes,
    setMaxBytes: (bytes) => void (bounds.maxBytes = bytes),
    scarcity: () => store.space.scarcity(),
    failed: store.failed,
    lost: () => store.state.lost,
    isRestoring: () => store.legacy?.isAttached() === true,
    legacyDrained: () => legacy?.drained ?? Promise.resolve(),
    async tidy() {
      store.checkFile();
      await legacy?.tidy();
      if (bounds.budgets.size > 0) skipTooOld(store, bounds.budgets);
      await store.dedup.tidy();
      const forgotten = await forgetRemovedSinks(store, readers);
      await store.checkpointer.compact();
      await store.checkpointer.write();
      return forgotten;
    },
    async close() {
      await legacy?.close();
      await store.close();
    },
  };
}
