// Appends deliveries to the spool: each run once, nothing over the bound, and done only when it is durable.

import { type Points, pointCount } from '../model/factored-points.ts';
import type { DeadLetter, Deliver, Delivered, DeliverOptions, Parked } from '../model/point.ts';
import { type Budgets, giveWay, skipOverBudgets } from './readers/budgets.ts';
import type { Change, StoredLetter } from './state/change.ts';
import { storedRunKey } from './dedup/dedup.ts';
import { idOfDeadLetter } from './dead-letters/list.ts';
import { encodePoints } from './log/payload.ts';
import { frameHeadBytes } from './log/format.ts';
import { SpoolFull } from './spool-full.ts';
import { bytesAParked, indexId } from './state/state.ts';
import type { Store } from './store.ts';

/** A dead letter that is not there, or not there any more. */
export class NoSuchLetter extends Error {
  override readonly name = 'NoSuchLetter';
}

/** The bound on all that waits, and those who may give way before it is reached. */
export interface Bounds {
  maxBytes: number;
  readonly budgets: Budgets;
  /** When optional sinks may be asked again to give way to a scarce disk, by the steady clock. */
  givesWayAgainAtMs: number;
  /** How often something became a dead letter since the start, by kind. */
  readonly lettersAdded: Map<string, number>;
}

/** The dead letters' share of the bound; they are never thrown away to make room. */
const shareOfLetters = 1 / 8;
/** Beyond this share a delivery that would add a dead letter is refused, and no other: senders must not fill it all. */
const shareOfSendersLetters = 1 / 16;
/** Beyond this share of the bound the dead letters of optional sinks are not kept. */
const shareOfOptionalLetters = 1 / 32;
const shareOfParked = 1 / 8;

/** On a scarce disk the optional sinks give way so often at most. */
const giveWayEveryMs = 1000;

/** The append of a spool. */
export function deliverer(store: Store, bounds: Bounds): Deliver {
  function deliver(points: Points, options: DeliverOptions): Promise<Delivered> {
    return new Promise((resolve, reject) => {
      try {
        const delivered = put(store, bounds, points, options);
        store.whenDurable(() => resolve(delivered), reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  return (points, options = {}) => {
    const wait = options.run && store.dedup.readyFor(options.run.atMs);
    return wait === undefined ? deliver(points, options) : wait.then(() => deliver(points, options));
  };
}

function put(store: Store, bounds: Bounds, points: Points, options: DeliverOptions): Delivered {
  const { redeems } = options;
  if (
    redeems !== undefined &&
    store.state.letters.get(indexId(redeems)) === undefined &&
    store.state.samples.get(indexId(redeems)) === undefined
  ) {
    throw new NoSuchLetter(`letter ${redeems} is not there any more`);
  }
  const run = options.run && storedRunKey(options.run);
  const known = run === undefined ? 'new' : store.dedup.look(run);
  if (known === 'duplicate') {
    if (redeems !== undefined) store.append({ change: { noLetters: [redeems] } });
    return 'duplicate';
  }
  const count = pointCount(points);
  const text = count === 0 ? undefined : encodePoints(points);
  refuseWhenFull(store, bounds, text === undefined ? 0 : text.length + frameHeadBytes, redeems !== undefined);
  if (redeems === undefined && addsLetter(store, bounds, options)) refuseMoreLetters(store, bounds);
  const change = changeOf(store, bounds, options);
  if (text !== undefined || run !== undefined || change !== undefined)
    store.append({ pointCount: count, run, text, change });
  for (const { kind } of change?.letters ?? []) bounds.lettersAdded.set(kind, (bounds.lettersAdded.get(kind) ?? 0) + 1);
  if (bounds.budgets.size > 0) skipOverBudgets(store, bounds.budgets);
  return known === 'conflict' ? 'conflict' : 'stored';
}

/**
 * What makes a dead letter good may come while there are too many of them. Before anything is refused the optional sinks give way.
 *
 * @throws SpoolFull when so many bytes more find no room
 */
function refuseWhenFull(store: Store, bounds: Bounds, bytes: number, makesGood = false): void {
  const scarcity = store.scarcity();
  if (scarcity !== undefined) {
    giveWayOnDisk(store, bounds);
    store.checkpoints.relieve();
    throw new SpoolFull(scarcity);
  }
  const { maxBytes, budgets } = bounds;
  const letterBytes = store.state.letters.bytes();
  if (!makesGood && letterBytes > maxBytes * shareOfLetters) {
    throw new SpoolFull(`dead letters: at most ${maxBytes * shareOfLetters} bytes, found ${letterBytes}`);
  }
  let waiting = waitingBytes(store);
  while (waiting + bytes > maxBytes && budgets.size > 0 && giveWay(store, budgets)) waiting = waitingBytes(store);
  if (waiting + bytes > maxBytes) throw new SpoolFull(`spool: at most ${maxBytes} bytes, found ${waiting} waiting`);
}

/** What is given up is seen when the disk is looked at next; until then nothing more is. */
function giveWayOnDisk(store: Store, bounds: Bounds): void {
  const nowMs = store.clock.steady();
  if (nowMs < bounds.givesWayAgainAtMs || bounds.budgets.size === 0) return;
  try {
    if (!giveWay(store, bounds.budgets)) return;
    bounds.givesWayAgainAtMs = nowMs + giveWayEveryMs;
  } catch (error) {
    if (!(error instanceof SpoolFull)) throw error;
  }
}

/** The bytes that count against the bound: what a sink has not finished or has kept, what is parked, and the dead letters. */
export function waitingBytes(store: Store): number {
  const { positions, totals, letters } = store.state;
  const { bytes } = store.totals();
  let leastFinished = bytes;
  let held = 0;
  for (const position of positions.values()) {
    if (position.gone === undefined) leastFinished = Math.min(leastFinished, position.bytes);
    else held += position.gone.bytes - position.bytes;
  }
  return bytes - leastFinished + held + totals.retryBytes + totals.parkedBytes + letters.bytes();
}

function addsLetter(store: Store, bounds: Bounds, { deadLetter, parked }: DeliverOptions): boolean {
  return deadLetter !== undefined || (parked !== undefined && !hasRoomForParked(store, bounds, parked));
}

function refuseMoreLetters({ state }: Store, { maxBytes }: Bounds): void {
  const mostBytes = maxBytes * shareOfSendersLetters;
  if (state.letters.bytes() > mostBytes)
    throw new SpoolFull(`dead letters of senders: at most ${mostBytes} bytes, found ${state.letters.bytes()}`);
}

/** Whether more dead letters of a sink may be kept: those of an optional one must not fill the letters' share. */
export function hasRoomForLetters({ state }: Store, { budgets, maxBytes }: Bounds, sinkName: string): boolean {
  return !budgets.has(sinkName) || state.letters.bytes() < maxBytes * shareOfOptionalLetters;
}

export function hasRoomForParked({ state }: Store, { maxBytes }: Bounds, { payload }: Parked): boolean {
  return state.totals.parkedBytes + payload.length + bytesAParked <= maxBytes * shareOfParked;
}

/** What a delivery changes beside its points; undefined: nothing. */
function changeOf(
  store: Store,
  bounds: Bounds,
  { parked, completes, redeems, deadLetter }: DeliverOptions,
): Change | undefined {
  if (parked === undefined && completes === undefined && redeems === undefined && deadLetter === undefined)
    return undefined;
  const nowMs = store.clock.now();
  const letters: StoredLetter[] = deadLetter === undefined ? [] : [newLetter(deadLetter, nowMs)];
  const isParked = parked !== undefined && hasRoomForParked(store, bounds, parked);
  if (parked !== undefined && !isParked) {
    const reason = `waits for node ${parked.waitsFor}, and ${store.state.totals.parkedBytes} bytes are parked already`;
    letters.push(newLetter({ kind: 'parking-full', reason, raw: parked.payload }, nowMs));
  }
  return {
    ...(letters.length > 0 && { letters }),
    ...(isParked && {
      parked: [
        { waitsFor: parked.waitsFor, sequence: store.state.nextParked, parkedAtMs: nowMs, payload: parked.payload },
      ],
    }),
    ...(redeems !== undefined && { noLetters: [redeems] }),
    ...(completes !== undefined && { noParked: [JSON.parse(completes) as [string, number]] }),
  };
}

/** A dead letter as it is put down the first time. */
export function newLetter(
  { kind, reason, raw, sink }: DeadLetter & { readonly sink?: string },
  nowMs: number,
): StoredLetter {
  const id = idOfDeadLetter(kind, sink, raw);
  return { id, kind, reason, raw, ...(sink !== undefined && { sink }), firstAtMs: nowMs, lastAtMs: nowMs, times: 1 };
}
