// Admits deliveries to the spool: deduplicates runs, enforces the bounds, and appends one durable frame each.

import { type Points, pointCount } from '../model/factored-points.ts';
import type { DeadLetter, Deliver, Delivered, DeliverOptions, Parked } from '../model/point.ts';
import { idOfDeadLetter } from './dead-letters/letters.ts';
import { storedRunKey } from './dedup/dedup.ts';
import { frameHeaderBytes } from './log/format.ts';
import { encodePoints } from './log/payload.ts';
import { type Budgets, giveWay, skipOverBudgets } from './readers/budgets.ts';
import { SpoolFull } from './spool-full.ts';
import type { Change, StoredLetter } from './state/change.ts';
import { hasLetter, parkedOverheadBytes } from './state/state.ts';
import type { Store } from './store.ts';

class NoSuchLetter extends Error {
  override readonly name = 'NoSuchLetter';
}

/** The bounds of the spool. */
export interface Bounds {
  maxBytes: number;
  readonly budgets: Budgets;
  /** By the steady clock: earliest time that optional sinks give way to a scarce disk again. */
  givesWayAgainAtMs: number;
  /** Additions of dead letters since the start, by kind. */
  readonly lettersAdded: Map<string, number>;
}

/**
 * Shares of `maxBytes`. Above this one, deliveries that do not redeem a letter are refused, since dead letters are never
 * deleted to free space.
 */
const shareOfLetters = 1 / 8;
/** Above this one deliveries that would add a dead letter are refused, so that senders cannot fill the share. */
const shareOfSendersLetters = 1 / 16;
/** Above this one the dead letters of optional sinks are skipped. */
const shareOfOptionalLetters = 1 / 32;
const shareOfParked = 1 / 8;

const giveWayIntervalMs = 1000;

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
  if (redeems !== undefined && !hasLetter(store.state, redeems))
    throw new NoSuchLetter(`letter ${redeems} is not there any more`);
  const run = options.run && storedRunKey(options.run);
  const known = run === undefined ? 'new' : store.dedup.look(run);
  if (known === 'duplicate') {
    if (redeems !== undefined) store.append({ change: { noLetters: [redeems] } });
    return 'duplicate';
  }
  const count = pointCount(points);
  const text = count === 0 ? undefined : encodePoints(points);
  refuseWhenFull(store, bounds, text === undefined ? 0 : text.length + frameHeaderBytes, redeems !== undefined);
  if (redeems === undefined) refuseMoreLetters(store, bounds, options);
  const change = changeOf(store, bounds, options);
  if (text !== undefined || run !== undefined || change !== undefined)
    store.append({ pointCount: count, run, text, change });
  if (change !== undefined) countLetters(bounds, change);
  if (bounds.budgets.size > 0) skipOverBudgets(store, bounds.budgets);
  return known === 'conflict' ? 'conflict' : 'stored';
}

/** Counts the dead letters that a change adds. */
export function countLetters({ lettersAdded }: Bounds, { letters = [] }: Change): void {
  for (const { kind } of letters) lettersAdded.set(kind, (lettersAdded.get(kind) ?? 0) + 1);
}

/**
 * Lets optional sinks give way before it refuses. A delivery that redeems a letter is exempt from the letters' share.
 *
 * @throws SpoolFull
 */
function refuseWhenFull(store: Store, bounds: Bounds, bytes: number, redeemsLetter: boolean): void {
  const scarcity = store.space.scarcity();
  if (scarcity !== undefined) {
    giveWayOnDisk(store, bounds);
    store.checkpointer.relieve();
    throw new SpoolFull(scarcity);
  }
  const { maxBytes, budgets } = bounds;
  const letterBytes = store.state.letters.bytes();
  if (!redeemsLetter && letterBytes > maxBytes * shareOfLetters) {
    throw new SpoolFull(`dead letters: at most ${maxBytes * shareOfLetters} bytes, found ${letterBytes}`);
  }
  let waiting = waitingBytes(store);
  while (waiting + bytes > maxBytes && budgets.size > 0 && giveWay(store, budgets)) waiting = waitingBytes(store);
  if (waiting + bytes > maxBytes) throw new SpoolFull(`spool: at most ${maxBytes} bytes, found ${waiting} waiting`);
}

/** Waits for the next look at the disk before sinks give way again. */
function giveWayOnDisk(store: Store, bounds: Bounds): void {
  const nowMs = store.clock.steady();
  if (nowMs < bounds.givesWayAgainAtMs || bounds.budgets.size === 0) return;
  try {
    if (!giveWay(store, bounds.budgets)) return;
    bounds.givesWayAgainAtMs = nowMs + giveWayIntervalMs;
  } catch (error) {
    if (!(error instanceof SpoolFull)) throw error;
  }
}

/** Bytes counted against the bound: the largest backlog, retry sets, parked measurements and dead letters. */
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

/** @throws SpoolFull if a delivery would add a dead letter above the senders' share */
function refuseMoreLetters(store: Store, bounds: Bounds, { deadLetter, parked }: DeliverOptions): void {
  const addsLetter = deadLetter !== undefined || (parked !== undefined && !hasRoomForParked(store, bounds, parked));
  const [bytes, maxBytes] = [store.state.letters.bytes(), bounds.maxBytes * shareOfSendersLetters];
  if (addsLetter && bytes > maxBytes)
    throw new SpoolFull(`dead letters of senders: at most ${maxBytes} bytes, found ${bytes}`);
}

/** Reports whether more dead letters of a sink may be stored. Only an optional sink has a bound. */
export function hasRoomForLetters({ state }: Store, { budgets, maxBytes }: Bounds, sinkName: string): boolean {
  return !budgets.has(sinkName) || state.letters.bytes() < maxBytes * shareOfOptionalLetters;
}

export function hasRoomForParked({ state }: Store, { maxBytes }: Bounds, { payload }: Parked): boolean {
  return state.totals.parkedBytes + payload.length + parkedOverheadBytes <= maxBytes * shareOfParked;
}

/** The change that goes into the frame with the points, if any. */
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

export function newLetter(
  { kind, reason, raw, sink }: DeadLetter & { readonly sink?: string },
  nowMs: number,
): StoredLetter {
  const id = idOfDeadLetter(kind, sink, raw);
  return { id, kind, reason, raw, ...(sink !== undefined && { sink }), firstAtMs: nowMs, lastAtMs: nowMs, times: 1 };
}
