// The spool: points wait here, on disk, between the sources that deliver them and the sinks that take them.
//
//   append ──► record 1, 2, 3 … n         what is stored, key by key, stands at the head of store.ts
//                   ▲           ▲
//        through ───┘           └─── cursor: each sink has its own; a record that every sink has
//      (finished, deleted)           finished is deleted in the step that finished it

import type { Clock } from '../clock.ts';
import type { Deliver } from '../point.ts';
import { appender } from './append.ts';
import { openDeadLetters, type DeadLetters } from './dead-letters.ts';
import type { Disk } from './disk.ts';
import { deleteFinished } from './finished-records.ts';
import { type DroppedPoints, dropWaiting } from './drop.ts';
import { forgetGoneSinks, type GoneSink, markGoneSinks } from './gone-sinks.ts';
import type { DiskFailed } from './grouped-transactions.ts';
import { joined, type Letters } from './letters.ts';
import { openLosses } from './losses.ts';
import type { Lost } from './lost.ts';
import { openParking, type Parking } from './parking.ts';
import { type Returned, returnPoints } from './returned-points.ts';
import { type SpoolReader, spoolReader } from './reader.ts';
import { type Restorer, restorer } from './restorer.ts';
import { openRunKeys } from './run-keys.ts';
import { openSamples, type Samples } from './samples.ts';
import { openSkipped } from './skipped.ts';
import { skipTooOld } from './skipping.ts';
import { type Budget, firstSequence, headOf, readPositions, rereadState, type SpoolState, waitingBytes } from './state.ts';
import { type SpoolStatus, spoolStatus } from './status.ts';
import { openStore, type Store } from './store.ts';
import { requireUsable } from './usable.ts';

export interface Spool {
  /** Resolves when the points are on disk; see Deliver in point.ts. */
  readonly append: Deliver;
  readonly parking: Parking;
  readonly deadLetters: DeadLetters;
  readonly samples: Samples;
  /** The dead letters and the samples. */
  readonly letters: Letters;
  /** Puts the points of dead letters back for their sinks, in one step with the letters' removal. */
  returnPoints(ids: readonly string[]): Promise<Returned[]>;
  /** Throws letters away; resolves with how many were there. */
  dropLetters(ids: readonly string[]): Promise<number>;
  /** Throws away what waits for a sink. Throws NoSuchSink. */
  drop(sinkName: string): Promise<DroppedPoints>;
  status(): Promise<SpoolStatus>;
  /** With a budget the sink is optional: past it, its oldest points are skipped. */
  reader(sinkName: string, budget?: Budget): Promise<SpoolReader>;
  /** To be called once every sink has its reader: what waits for others is held for a week. Those for which something does. */
  markGoneSinks(): Promise<GoneSink[]>;
  /** The bytes that count against the bound. */
  waitingBytes(): number;
  /** The bound. */
  maxBytes(): number;
  /** Another bound from now on; what waits already stays, however much it is. */
  setMaxBytes(bytes: number): void;
  /** Why nothing is taken now, since the disk is nearly full; undefined when there is room. */
  scarcity(): string | undefined;
  /** What had been acknowledged and is gone, ever. */
  lost(): Lost;
  /** Puts back what is salvaged of a damaged store, under a name of its own; once every sink has its reader. */
  restorer(name: string): Restorer;
  /** Resolves when the disk fails: nothing is taken any more, and the process should end. */
  readonly failed: Promise<DiskFailed>;
  /** Forgets what is old enough to be forgotten, and returns the sinks that it was lost for; to be called every few minutes. */
  tidy(): Promise<GoneSink[]>;
  close(): Promise<void>;
}

export interface SpoolOptions {
  readonly directory: string;
  /** Bound on all that waits, counted before compression. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** By default the one that the directory is on. */
  readonly disk?: Disk;
  /** Told when the disk is nearly full, with the reason, and when there is room again. */
  readonly onScarcity?: (scarcity: string | undefined) => void;
}

/** The parked entries' share of the bound. */
const shareOfParked = 1 / 8;

/**
 * Opens the spool in a directory, making it when there is none; what waited there waits on.
 *
 * @throws DiskFailed or DamagedRecord when it cannot be read, PathUnusable and UnknownFormat
 */
export async function openSpool({ directory, maxBytes, clock, ...disk }: SpoolOptions): Promise<Spool> {
  requireUsable(directory);
  const store = await openStore(directory, { clock, ...disk });
  try {
    return await spoolOn(store, { directory, maxBytes, clock });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function spoolOn(store: Store, { directory, maxBytes, clock }: Pick<SpoolOptions, 'directory' | 'maxBytes' | 'clock'>): Promise<Spool> {
  const samples = openSamples(store, { clock, hasRoom: () => store.scarcity() === undefined && waitingBytes(state) < state.maxBytes });
  const state = await openState(store, { maxBytes, clock, samples });
  return {
    append: appender(state),
    parking: state.parking,
    deadLetters: state.deadLetters,
    samples,
    letters: state.letters,
    returnPoints: (ids) => returnPoints(state, ids),
    dropLetters: (ids) => store.write(() => removeAll(state.letters, ids)),
    drop: (sinkName) => dropWaiting(state, sinkName),
    status: () => spoolStatus(state, { directory, samples }),
    reader: (sinkName, budget) => spoolReader(state, sinkName, budget),
    markGoneSinks: () => markGoneSinks(state),
    waitingBytes: () => waitingBytes(state),
    maxBytes: () => state.maxBytes,
    setMaxBytes: (bytes) => void (state.maxBytes = bytes),
    scarcity: store.scarcity,
    failed: store.failed,
    lost: state.losses.total,
    restorer: (name) => restorer(state, name),
    async tidy() {
      store.lookAtFile();
      if (state.budgets.size > 0) await skipOld(state);
      await store.write(() => state.runKeys.turn(clock.now()));
      return forgetGoneSinks(state);
    },
    close: store.close,
  };
}

interface StateOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly samples: Letters;
}

async function openState(store: Store, { maxBytes, clock, samples }: StateOptions): Promise<SpoolState> {
  const positions = readPositions(store);
  const head = headOf(store, [...positions.values()]);
  const deadLetters = openDeadLetters(store);
  const state: SpoolState = {
    store,
    clock,
    maxBytes,
    runKeys: await openRunKeys(store, clock.now()),
    parking: openParking(store, () => state.maxBytes * shareOfParked),
    deadLetters,
    letters: joined(deadLetters, samples),
    head,
    positions,
    retries: new Map(),
    taken: new Map(),
    losses: openLosses(store),
    budgets: new Map(),
    skipped: openSkipped(store),
    bells: new Set(),
    givesWayAgainAtMs: -Infinity,
    deletedThrough: firstSequence(store, head) - 1,
  };
  store.onFailure(() => rereadState(state));
  return state;
}

async function skipOld(state: SpoolState): Promise<void> {
  await state.store.write(() => skipTooOld(state));
  while (await state.store.write(() => deleteFinished(state)));
}

/** To be called inside a transaction. */
function removeAll(letters: Letters, ids: readonly string[]): number {
  const there = ids.filter((id) => letters.get(id) !== undefined);
  for (const id of there) letters.remove(id);
  return there.length;
}
