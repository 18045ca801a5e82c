// Appends deliveries to the spool: each run once, nothing over the bound, and done only when it is on disk.

import type { DataPoint, Deliver, DeliverOptions, Parked, RunKey } from '../point.ts';
import { encodeRecord } from './record.ts';
import { bytesBesideRecord, type SpoolState, waitingBytes } from './state.ts';

/** The bound is reached: nothing more is taken until a sink has taken something. */
export class SpoolFull extends Error {
  readonly status = 503;
  readonly expose = true;
  readonly retryAfterMs = 30_000;
  override readonly name = 'SpoolFull';
}

/** The dead letters' share of the bound; they are never thrown away to make room. */
const shareOfLetters = 1 / 8;

/** The append of a spool. Runs whose transaction has not ended yet count as known too. */
export function appender(state: SpoolState): Deliver {
  const underway = new Map<string, Underway>();
  return async (points, options = {}) => {
    const { run } = options;
    if (run === undefined) {
      await write(state, points, options);
      return 'stored';
    }
    const same = underway.get(run.key);
    if (same?.digest === run.digest) {
      await same.done;
      return 'duplicate';
    }
    const kind = state.runKeys.look(run);
    if (kind === 'duplicate') return 'duplicate';
    const done = write(state, points, options);
    await whileUnderway(underway, run, done);
    return kind === 'conflict' || same !== undefined ? 'conflict' : 'stored';
  };
}

interface Underway {
  readonly digest: string;
  readonly done: Promise<void>;
}

async function whileUnderway(underway: Map<string, Underway>, { key, digest }: RunKey, done: Promise<void>): Promise<void> {
  const entry = { digest, done };
  underway.set(key, entry);
  try {
    await done;
  } finally {
    if (underway.get(key) === entry) underway.delete(key);
  }
}

/** Takes its place in the spool at once, and resolves when it is on disk. */
async function write(state: SpoolState, points: readonly DataPoint[], options: DeliverOptions): Promise<void> {
  const { head, store, runKeys, parking, deadLetters, clock } = state;
  const nowMs = clock.now();
  const record = points.length === 0 ? undefined : encodeRecord({ appendedAtMs: nowMs, before: head.totals, points });
  const bytes = record === undefined ? 0 : record.length + bytesBesideRecord;
  refuseWhenFull(state, bytes);
  const sequence = head.sequence + 1;
  if (record !== undefined) {
    head.sequence = sequence;
    head.totals = { points: head.totals.points + points.length, bytes: head.totals.bytes + bytes };
  }
  try {
    await store.write(() => {
      if (record !== undefined) void store.records.put(sequence, record);
      if (options.run !== undefined) runKeys.remember(options.run);
      if (options.parked !== undefined) park(state, options.parked, nowMs);
      if (options.completes !== undefined) parking.remove(options.completes);
      if (options.deadLetter !== undefined) deadLetters.add(options.deadLetter, nowMs);
    });
  } catch (error) {
    countAsFinished(state, points.length, bytes);
    throw error;
  }
  for (const bell of state.bells) bell.ring();
}

function refuseWhenFull(state: SpoolState, bytes: number): void {
  const { maxBytes, deadLetters } = state;
  const maxLetterBytes = maxBytes * shareOfLetters;
  if (deadLetters.bytes() > maxLetterBytes) {
    throw new SpoolFull(`dead letters: at most ${maxLetterBytes} bytes, found ${deadLetters.bytes()}`);
  }
  const waiting = waitingBytes(state);
  if (waiting + bytes > maxBytes) throw new SpoolFull(`spool: at most ${maxBytes} bytes, found ${waiting} waiting`);
}

function park({ parking, deadLetters }: SpoolState, parked: Parked, nowMs: number): void {
  if (parking.hasRoomFor(parked)) {
    parking.add(parked, nowMs);
  } else {
    const reason = `waits for node ${parked.waitsFor}, and ${parking.bytes()} bytes are parked already`;
    deadLetters.add({ kind: 'parking-full', reason, raw: parked.payload }, nowMs);
  }
}

/** A record that could not be written waits for nobody. */
function countAsFinished({ positions }: SpoolState, points: number, bytes: number): void {
  for (const [name, position] of positions) {
    positions.set(name, { ...position, points: position.points + points, bytes: position.bytes + bytes });
  }
}
