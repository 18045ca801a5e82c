// The spool: points wait here, on disk, between the sources that deliver them and the sinks that take them.
//
//   append ──► frame ──► group ──► segment 7, 8, 9 …      one log; log/README.md shows its bytes
//                            ▲          ▲
//             low-water ─────┘          └── each sink has its own position; a segment that every sink
//                mark                       has passed is used again once a checkpoint says so

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Deliver } from '../model/point.ts';
import { type Budget, skipTooOld } from './readers/budgets.ts';
import { type DeadLetters, deadLettersOf, type Samples, samplesOf } from './dead-letters/dead-letters.ts';
import { type Bounds, deliverer, waitingBytes } from './deliver.ts';
import type { Disk } from './disk/disk.ts';
import type { DiskFailed } from './disk/disk-failed.ts';
import { type DroppedPoints, dropBacklog } from './readers/drop-backlog.ts';
import type { AttachedLegacyStore } from './legacy/attached-store.ts';
import { openWithLegacyStore } from './legacy/open-with-legacy.ts';
import { comeBack, forgetRemovedSinks, type RemovedSink, markRemovedSinks } from './readers/removed-sinks.ts';
import { isSample, joined, type Letters } from './dead-letters/list.ts';
import type { WriteFunction } from './log/segment-log.ts';
import type { Losses } from './losses.ts';
import { type Parking, parkingOf } from './parking.ts';
import { type SpoolReader, spoolReader } from './readers/reader.ts';
import { type Requeued, requeuePoints } from './dead-letters/requeue.ts';
import { type SharedStore, sharedStore } from './replica/replica-updates.ts';
import { indexId } from './state/state.ts';
import { type SpoolStatus, spoolStatus } from './status.ts';
import type { Store } from './store.ts';
import { checkDirectory } from './disk/directory-check.ts';

export interface Spool {
  /** Resolves when the points are on disk; see Deliver in point.ts. */
  readonly append: Deliver;
  readonly parking: Parking;
  readonly deadLetters: DeadLetters;
  readonly samples: Samples;
  /** The dead letters and the samples. */
  readonly letters: Letters;
  /** Puts the points of dead letters back for their sinks, in one step with the letters' removal. */
  returnPoints(ids: readonly string[]): Promise<Requeued[]>;
  /** Throws letters away; resolves with how many were there. */
  dropLetters(ids: readonly string[]): Promise<number>;
  /** Throws away what waits for a sink. Throws NoSuchSink. */
  drop(sinkName: string): Promise<DroppedPoints>;
  status(): Promise<SpoolStatus>;
  /** With a budget the sink is optional: past it, its oldest points are skipped. */
  reader(sinkName: string, budget?: Budget): Promise<SpoolReader>;
  /** For a thread that reads the log by itself; what it has finished is told to the readers of here. */
  readonly shared: SharedStore;
  /** To be called once every sink has its reader: what waits for others is held for a week. Those for which something does. */
  markGoneSinks(): Promise<RemovedSink[]>;
  /** The bytes that count against the bound. */
  waitingBytes(): number;
  /** The bound. */
  maxBytes(): number;
  /** Another bound from now on; what waits already stays, however much it is. */
  setMaxBytes(bytes: number): void;
  /** Why nothing is taken now, since the disk is nearly full; undefined when there is room. */
  scarcity(): string | undefined;
  /** What had been acknowledged and is gone, ever. */
  lost(): Losses;
  /** Whether records that an earlier version stored still wait. */
  isRestoring(): boolean;
  /** Resolves when no record that an earlier version stored waits any more; at once where none does. */
  formerDrained(): Promise<void>;
  /** Resolves when the disk fails: nothing is taken any more, and the process should end. */
  readonly failed: Promise<DiskFailed>;
  /** Forgets what is old enough to be forgotten, and returns the sinks that it was lost for; to be called every minute. */
  tidy(): Promise<RemovedSink[]>;
  close(): Promise<void>;
}

export interface SpoolOptions {
  readonly directory: string;
  /** Bound on all that waits. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Told what is damaged; nobody where it is absent. */
  readonly log?: Log;
  /** Bound on what is held in memory to know a run again; default 96 MiB. */
  readonly dedupMaxBytes?: number | undefined;
  /** By default the one that the directory is on. */
  readonly disk?: Disk;
  /** Told when the disk is nearly full, with the reason, and when there is room again. */
  readonly onScarcity?: (scarcity: string | undefined) => void;
  /** How long a segment is; by default as the disk and the bound want it. */
  readonly segmentBytes?: number;
  /** In place of the system's write; for tests. */
  readonly write?: WriteFunction;
}

const usualDedupMaxBytes = 96 << 20;

/**
 * Opens the spool in a directory, making it when there is none; what waited there waits on.
 *
 * @throws UnknownFormat, PathUnusable and FormerStoreUnreadable, or the system's error when it cannot be read
 */
export async function openSpool({ dedupMaxBytes = usualDedupMaxBytes, log, ...options }: SpoolOptions): Promise<Spool> {
  checkDirectory(options.directory);
  const { store, former } = await openWithLegacyStore({ ...options, dedupMaxBytes }, log);
  for (const finding of store.findings) log?.error({ finding }, 'the spool is not as it was written');
  const bounds: Bounds = {
    maxBytes: options.maxBytes,
    budgets: new Map(),
    givesWayAgainAtMs: -Infinity,
    lettersAdded: new Map(),
  };
  void store.dedup.read();
  return spoolOn({ store, bounds, former, directory: options.directory, log });
}

interface OpenedSpool {
  readonly store: Store;
  readonly bounds: Bounds;
  readonly former: AttachedLegacyStore | undefined;
  readonly directory: string;
  readonly log: Log | undefined;
}

function spoolOn({ store, bounds, former, directory, log }: OpenedSpool): Spool {
  const readers = new Set<string>();
  const deadLetters = deadLettersOf(store, bounds.lettersAdded);
  const samples = samplesOf(store, () => store.scarcity() === undefined && waitingBytes(store) < bounds.maxBytes);
  const letters = joined(deadLetters, samples);
  return {
    append: deliverer(store, bounds),
    parking: parkingOf(store, bounds),
    deadLetters,
    samples,
    letters,
    returnPoints: (ids) => requeuePoints(store, letters, ids),
    async dropLetters(ids) {
      const there = ids.filter(
        (id) => (isSample(id) ? store.state.samples : store.state.letters).get(indexId(id)) !== undefined,
      );
      if (there.length > 0) await store.commit({ noLetters: there });
      return there.length;
    },
    drop: (sinkName) => dropBacklog(store, readers, sinkName),
    status: async () => spoolStatus(store, bounds, readers),
    async reader(sinkName, budget) {
      if (budget !== undefined) bounds.budgets.set(sinkName, budget);
      await comeBackOrStart(store, sinkName);
      readers.add(sinkName);
      return spoolReader({
        directory,
        store,
        bounds,
        sinkName,
        onDamage: (damage) =>
          log?.error(
            {
              sink: sinkName,
              ...damage,
            },
            'a part of the spool cannot be read; what was in it is lost',
          ),
      });
    },
    shared: sharedStore(store, directory),
    markGoneSinks: () => markRemovedSinks(store, readers),
    waitingBytes: () => waitingBytes(store),
    maxBytes: () => bounds.maxBytes,
    setMaxBytes: (bytes) => void (bounds.maxBytes = bytes),
    scarcity: store.scarcity,
    failed: store.failed,
    lost: () => store.state.lost,
    isRestoring: () => store.former()?.isAttached() === true,
    formerDrained: () => former?.drained ?? Promise.resolve(),
    async tidy() {
      store.lookAtFile();
      await former?.tidy();
      if (bounds.budgets.size > 0) skipTooOld(store, bounds.budgets);
      await store.dedup.tidy();
      const forgotten = await forgetRemovedSinks(store, readers);
      await store.checkpoints.carryOver();
      await store.checkpoints.write();
      return forgotten;
    },
    async close() {
      await former?.close();
      await store.close();
    },
  };
}

/** A sink that is new begins at the end; one that was gone for a while goes on where it was. */
async function comeBackOrStart(store: Store, sinkName: string): Promise<void> {
  const known = store.state.positions.get(sinkName);
  if (known !== undefined && known.gone === undefined) return;
  const { records, points, bytes } = store.totals();
  await store.commit({
    positions: {
      [sinkName]: known === undefined ? { through: records, finished: [], points, bytes } : comeBack(store, known),
    },
  });
}
