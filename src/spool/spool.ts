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
import { type DroppedPoints, dropWaiting } from './drop.ts';
import { forgetGoneSinks, type GoneSink, markGoneSinks } from './gone-sinks.ts';
import { joined, type Letters } from './letters.ts';
import { openParking, type Parking } from './parking.ts';
import { type Returned, returnPoints } from './returned-points.ts';
import { type SpoolReader, spoolReader } from './reader.ts';
import { openRunKeys } from './run-keys.ts';
import { openSamples, type Samples } from './samples.ts';
import { firstSequence, headOf, readPositions, rereadState, type SpoolState, waitingBytes } from './state.ts';
import { type SpoolStatus, spoolStatus } from './status.ts';
import { openStore } from './store.ts';

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
  reader(sinkName: string): Promise<SpoolReader>;
  /** To be called once every sink has its reader: what waits for others is held for a week. Those for which something does. */
  markGoneSinks(): Promise<GoneSink[]>;
  /** The bytes that count against the bound. */
  waitingBytes(): number;
  /** Forgets what is old enough to be forgotten, and returns the sinks that it was lost for; to be called every few minutes. */
  tidy(): Promise<GoneSink[]>;
  close(): Promise<void>;
}

export interface SpoolOptions {
  readonly directory: string;
  /** Bound on all that waits, counted before compression. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

/** The parked entries' share of the bound. */
const shareOfParked = 1 / 8;

/** Opens the spool in a directory, making it when there is none; what waited there waits on. */
export async function openSpool({ directory, maxBytes, clock }: SpoolOptions): Promise<Spool> {
  const store = await openStore(directory);
  const positions = readPositions(store);
  const head = headOf(store, [...positions.values()]);
  const deadLetters = openDeadLetters(store);
  const samples = openSamples(store, { clock, hasRoom: () => waitingBytes(state) < maxBytes });
  const state: SpoolState = {
    store,
    clock,
    maxBytes,
    runKeys: await openRunKeys(store, clock.now()),
    parking: openParking(store, maxBytes * shareOfParked),
    deadLetters,
    letters: joined(deadLetters, samples),
    head,
    positions,
    retries: new Map(),
    taken: new Map(),
    bells: new Set(),
    deletedThrough: firstSequence(store, head) - 1,
  };
  store.onFailure(() => rereadState(state));
  return {
    append: appender(state),
    parking: state.parking,
    deadLetters,
    samples,
    letters: state.letters,
    returnPoints: (ids) => returnPoints(state, ids),
    dropLetters: (ids) => store.write(() => removeAll(state.letters, ids)),
    drop: (sinkName) => dropWaiting(state, sinkName),
    status: () => spoolStatus(state, { directory, samples }),
    reader: (sinkName) => spoolReader(state, sinkName),
    markGoneSinks: () => markGoneSinks(state),
    waitingBytes: () => waitingBytes(state),
    async tidy() {
      await state.runKeys.turn(clock.now());
      return forgetGoneSinks(state);
    },
    close: () => store.close(),
  };
}

/** To be called inside a transaction. */
function removeAll(letters: Letters, ids: readonly string[]): number {
  const there = ids.filter((id) => letters.get(id) !== undefined);
  for (const id of there) letters.remove(id);
  return there.length;
}
