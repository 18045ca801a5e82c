// Appends deliveries to the spool: each run once, nothing over the bound, and done only when it is on disk.

import { expanded } from '../factored-points.ts';
import type { DataPoint, Deliver, Delivered, DeliverOptions, Parked } from '../point.ts';
import { encodeRecord, type Totals } from './record.ts';
import { giveWay, skipOverBudgets } from './skipping.ts';
import { SpoolFull } from './spool-full.ts';
import { deleteFinished } from './finished-records.ts';
import { bytesBesideRecord, type SpoolState, waitingBytes } from './state.ts';

/** A dead letter that is not there, or not there any more. */
export class NoSuchLetter extends Error {
  override readonly name = 'NoSuchLetter';
}

/** The dead letters' share of the bound; they are never thrown away to make room. */
const shareOfLetters = 1 / 8;
/** Beyond this share a delivery that would add a dead letter is refused, and no other: senders must not fill it all. */
const shareOfSendersLetters = 1 / 16;

/** On a scarce disk the optional sinks give way so often at most. */
const giveWayEveryMs = 1000;

/** The append of a spool. */
export function appender(state: SpoolState): Deliver {
  return async (delivery, options = {}) => {
    const points = expanded(delivery);
    const delivered = await state.store.write(() => append(state, points, options));
    if (delivered !== 'duplicate') for (const bell of state.bells) bell.ring();
    return delivered;
  };
}

/** To be called inside a transaction. */
function append(state: SpoolState, points: readonly DataPoint[], options: DeliverOptions): Delivered {
  const { head, runKeys, parking, letters, deadLetters } = state;
  const { redeems } = options;
  if (redeems !== undefined && letters.get(redeems) === undefined) throw new NoSuchLetter(`letter ${redeems} is not there any more`);
  const nowMs = state.clock.now();
  // On a full disk the generation that was running runs on.
  if (state.store.scarcity() === undefined) runKeys.turn(nowMs);
  const run = options.run && runKeys.look(options.run);
  if (run?.kind === 'duplicate') {
    if (redeems !== undefined) letters.remove(redeems);
    return 'duplicate';
  }
  const record = points.length === 0 ? undefined : encodeRecord(head.sequence + 1, { appendedAtMs: nowMs, before: head.totals, points });
  refuseWhenFull(state, record === undefined ? 0 : record.length + bytesBesideRecord, redeems !== undefined);
  if (redeems === undefined) refuseMoreLetters(state, options);
  else letters.remove(redeems);
  if (record !== undefined) putRecord(state, record, points.length);
  if (state.budgets.size > 0) skipOverBudgets(state);
  run?.remember();
  if (options.parked !== undefined) park(state, options.parked, nowMs);
  if (options.completes !== undefined) parking.remove(options.completes);
  if (options.deadLetter !== undefined) deadLetters.add(options.deadLetter, nowMs);
  return run?.kind === 'conflict' ? 'conflict' : 'stored';
}

/** Puts a record at the end, and returns what it adds to the totals; to be called inside a transaction. */
export function putRecord({ head, store }: SpoolState, record: Buffer, points: number): Totals {
  const bytes = record.length + bytesBesideRecord;
  head.sequence += 1;
  head.totals = { points: head.totals.points + points, bytes: head.totals.bytes + bytes };
  store.records.putSync(head.sequence, record);
  return { points, bytes };
}

/**
 * What makes a dead letter good may come while there are too many of them. Before anything is refused the optional sinks give way.
 *
 * @throws SpoolFull when so many bytes more find no room
 */
export function refuseWhenFull(state: SpoolState, bytes: number, makesGood = false): void {
  const scarcity = state.store.scarcity();
  if (scarcity !== undefined) {
    giveWayOnDisk(state);
    throw new SpoolFull(scarcity);
  }
  const { maxBytes, deadLetters } = state;
  const maxLetterBytes = maxBytes * shareOfLetters;
  if (!makesGood && deadLetters.bytes() > maxLetterBytes) {
    throw new SpoolFull(`dead letters: at most ${maxLetterBytes} bytes, found ${deadLetters.bytes()}`);
  }
  let waiting = waitingBytes(state);
  while (waiting + bytes > maxBytes && giveWay(state)) waiting = waitingBytes(state);
  if (waiting + bytes > maxBytes) throw new SpoolFull(`spool: at most ${maxBytes} bytes, found ${waiting} waiting`);
}

/** What is deleted is seen when the disk is looked at next; until then nothing more is given up. */
function giveWayOnDisk(state: SpoolState): void {
  const nowMs = state.clock.steady();
  if (deleteFinished(state) || nowMs < state.givesWayAgainAtMs || !giveWay(state)) return;
  state.givesWayAgainAtMs = nowMs + giveWayEveryMs;
  deleteFinished(state);
}

function refuseMoreLetters({ maxBytes, deadLetters, parking }: SpoolState, { deadLetter, parked }: DeliverOptions): void {
  const addsLetter = deadLetter !== undefined || (parked !== undefined && !parking.hasRoomFor(parked));
  const mostBytes = maxBytes * shareOfSendersLetters;
  if (addsLetter && deadLetters.bytes() > mostBytes) {
    throw new SpoolFull(`dead letters of senders: at most ${mostBytes} bytes, found ${deadLetters.bytes()}`);
  }
}

function park({ parking, deadLetters }: SpoolState, parked: Parked, nowMs: number): void {
  if (parking.hasRoomFor(parked)) {
    parking.add(parked, nowMs);
  } else {
    const reason = `waits for node ${parked.waitsFor}, and ${parking.bytes()} bytes are parked already`;
    deadLetters.add({ kind: 'parking-full', reason, raw: parked.payload }, nowMs);
  }
}
