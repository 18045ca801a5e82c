// A sink's view of the spool: takes out batches, from the oldest or from the newest, and records what became of them.

import { type Bell, bell } from '../bell.ts';
import type { DataPoint } from '../point.ts';
import { type Backlog, backlogOf } from './backlog.ts';
import type { AddressedLetter } from './dead-letters.ts';
import { countDamaged, missing } from './damaged-records.ts';
import { deleteFinished } from './finished-records.ts';
import { comeBack } from './gone-sinks.ts';
import { finish, lastUnfinished, nextUnfinished, type Position, type Range } from './position.ts';
import { decodeRecord } from './record.ts';
import type { Retries, Retry } from './retries.ts';
import { finishedAlso, hasRoomForLetters, hasRoomForRetries, totalsOf } from './skipping.ts';
import { type Budget, bytesBesideRecord, retriesOf, setPosition, type SpoolState } from './state.ts';

/** Some records in a row, taken out together. */
export interface Batch {
  readonly range: Range;
  readonly points: readonly DataPoint[];
  readonly bytes: number;
  /** Records whose checksum did not fit; they hold no points any more. */
  readonly damaged: readonly AddressedLetter[];
  /** The numbers of these. */
  readonly damagedRecords: readonly number[];
}

/** What became of points that were not accepted. */
export interface Outcome {
  readonly letters: readonly AddressedLetter[];
  /** To be written again, not before `notBeforeMs`. */
  readonly kept: readonly DataPoint[];
  readonly notBeforeMs: number;
}

export interface SpoolReader {
  /** The next records at an end of the spool that were not taken out since the start, with some `maxPoints` points. */
  next(maxPoints: number, end?: 'oldest' | 'newest'): Batch | undefined;
  /** The next of the retry set that is due. */
  nextRetry(): Retry | undefined;
  /** Records in one step that the batch is finished, and what became of its points. */
  finish(batch: Batch, outcome: Outcome): Promise<void>;
  /** Records in one step what became of points of the retry set. */
  finishRetry(retry: Retry, outcome: Outcome): Promise<void>;
  /** Whether it waits still: it was taken out, and neither finished nor dropped. */
  isWanted(from: Batch | Retry): boolean;
  backlog(): Backlog;
  /** What an optional sink has missed, ever, since too much waited for it. */
  skippedPoints(): number;
  /** How many points `next` would still find. */
  untakenPoints(): number;
  /** When the next of the retry set is due, by the steady clock. */
  nextDueAtMs(): number | undefined;
  /** Rung after each append; the reader's owner may ring it too. */
  readonly bell: Bell;
}

/** What a reader holds in memory. */
interface Reading {
  readonly state: SpoolState;
  readonly sinkName: string;
  readonly retries: Retries;
}

/** The reader of a sink; a sink that is new to the spool begins with what is appended from now on. */
export async function spoolReader(state: SpoolState, sinkName: string, budget?: Budget): Promise<SpoolReader> {
  if (budget !== undefined) state.budgets.set(sinkName, budget);
  await comeBackOrStart(state, sinkName);
  const appends = bell();
  state.bells.add(appends);
  const retries = retriesOf(state, sinkName);
  if (retries.damaged().length > 0) await buryDamaged(state, retries, sinkName);
  const reading: Reading = { state, sinkName, retries };
  state.taken.set(sinkName, positionOf(state, sinkName));
  return {
    next: (maxPoints, end = 'oldest') => take(reading, end === 'oldest' ? oldest(reading, maxPoints) : newest(reading, maxPoints)),
    nextRetry: retries.next,
    finish: (batch, outcome) =>
      state.store.write(() => {
        const isDropped = !isWanted(reading, batch);
        if (!isDropped) move(reading, batch);
        settle(reading, outcome, { attempts: 1, firstKeptAtMs: state.clock.now(), isDropped });
        deleteFinished(state);
      }),
    finishRetry: (retry, outcome) =>
      state.store.write(() => {
        const isDropped = !isWanted(reading, retry);
        retries.remove(retry);
        settle(reading, outcome, { attempts: retry.attempts + 1, firstKeptAtMs: retry.firstKeptAtMs, isDropped });
      }),
    isWanted: (from) => isWanted(reading, from),
    backlog: () => backlogOf(state, sinkName),
    skippedPoints: () => state.skipped.of(sinkName),
    untakenPoints: () => state.head.totals.points - takenOf(reading).points,
    nextDueAtMs: retries.nextDueAtMs,
    bell: appends,
  };
}

/** To be called inside a transaction. */
function move({ state, sinkName }: Reading, { range, points, bytes, damagedRecords }: Batch): void {
  const position = positionOf(state, sinkName);
  const rest: Range = [Math.max(range[0], position.through + 1), range[1]];
  const lost = damagedRecords.filter((sequence) => sequence >= rest[0]).map((sequence) => countDamaged(state, sequence, position));
  const totals = rest[0] === range[0] ? { points: lost.reduce((sum, each) => sum + each, points.length), bytes } : totalsOf(state, rest);
  setPosition(state, sinkName, squared(state, finish(position, rest, totals)));
}

/** Once everything is finished, nothing waits, whatever was counted of what is damaged. */
function squared({ head }: SpoolState, position: Position): Position {
  return position.through < head.sequence ? position : { ...position, ...head.totals };
}

/** A batch that stands below the low-water mark before it was finished has been dropped. */
function isWanted({ state, sinkName, retries }: Reading, from: Batch | Retry): boolean {
  return 'range' in from ? from.range[1] > positionOf(state, sinkName).through : retries.has(from);
}

/** What was skipped meanwhile is finished, and counts as taken out. */
function takenOf({ state, sinkName }: Reading): Position {
  const position = positionOf(state, sinkName);
  const before = state.taken.get(sinkName) as Position;
  if (position.through <= before.through) return before;
  const taken = before.finished.reduce((moved, range) => finishedAlso(state, moved, range), position);
  state.taken.set(sinkName, taken);
  return taken;
}

function positionOf({ positions }: SpoolState, sinkName: string): Position {
  return positions.get(sinkName) as Position;
}

/** A sink that is new begins at the end; one that was gone for a while goes on where it was. */
async function comeBackOrStart(state: SpoolState, sinkName: string): Promise<void> {
  const { store, positions, head } = state;
  const known = positions.get(sinkName);
  if (known !== undefined && known.gone === undefined) return;
  await store.write(() => {
    const position = known === undefined ? { through: head.sequence, finished: [], ...head.totals } : comeBack(state, known);
    setPosition(state, sinkName, position);
  });
}

/** What cannot be read any more is a dead letter, not a reason never to start again. */
async function buryDamaged({ store, deadLetters, losses, clock }: SpoolState, retries: Retries, sink: string): Promise<void> {
  await store.write(() => {
    for (const { sequence, raw } of retries.damaged()) {
      const reason = `entry ${sequence} of the retry set: the checksum does not fit`;
      deadLetters.add({ kind: 'damaged', reason, raw: raw.toString('base64'), sink }, clock.now());
      retries.remove({ sequence });
      losses.add({ retries: 1 });
    }
  });
}

function take(reading: Reading, batch: Batch | undefined): Batch | undefined {
  if (batch === undefined) return undefined;
  const taken = finish(takenOf(reading), batch.range, { points: batch.points.length, bytes: batch.bytes });
  reading.state.taken.set(reading.sinkName, taken);
  return batch;
}

interface Terms {
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  /** Dropped meanwhile: what was kept is not wanted any more. */
  readonly isDropped: boolean;
}

/** To be called inside a transaction. */
function settle({ state, sinkName, retries }: Reading, { letters, kept, notBeforeMs }: Outcome, { isDropped, ...terms }: Terms): void {
  if (letters.length > 0 && hasRoomForLetters(state, sinkName)) for (const letter of letters) state.deadLetters.add(letter, state.clock.now());
  else state.skipped.add(sinkName, letters.length);
  if (kept.length === 0 || isDropped) return;
  if (hasRoomForRetries(state, sinkName)) retries.add(kept, { ...terms, notBeforeMs });
  else state.skipped.add(sinkName, kept.length);
}

/** A record as it is read, whole or not. */
interface Read {
  readonly key: number;
  readonly points: readonly DataPoint[];
  readonly bytes: number;
  readonly damaged: readonly AddressedLetter[];
}

function oldest(reading: Reading, maxPoints: number): Batch | undefined {
  const { from, before } = nextUnfinished(takenOf(reading), 0);
  const reads = enough(reading.state.store.records.getRange({ start: from, end: before }), maxPoints, (read) => from + read);
  const last = reads.at(-1);
  if (last === undefined && before < Infinity) throw missing(from);
  return last && batchOf(reads, [from, last.key]);
}

function newest(reading: Reading, maxPoints: number): Batch | undefined {
  const { state } = reading;
  const stretch = lastUnfinished(takenOf(reading), state.head.sequence);
  if (stretch === undefined) return undefined;
  const [low, high] = stretch;
  const reads = enough(state.store.records.getRange({ start: high, end: low - 1, reverse: true }), maxPoints, (read) => high - read).reverse();
  const first = reads[0];
  if (first === undefined && high < state.head.sequence) throw missing(high);
  return first && batchOf(reads, [first.key, high]);
}

/**
 * Whole records, until there are `maxPoints` points; one at least.
 *
 * @param expected - which number the record has before which so many were read
 * @throws DamagedRecord when it has another one: a search does not find what is there, or finds what is not
 */
function enough(records: Iterable<{ readonly key: number; readonly value: Buffer }>, maxPoints: number, expected: (read: number) => number): Read[] {
  const reads: Read[] = [];
  let points = 0;
  for (const { key, value } of records) {
    if (key !== expected(reads.length)) throw missing(expected(reads.length));
    const read = { key, bytes: value.length + bytesBesideRecord, ...pointsOf(key, value) };
    if (points > 0 && points + read.points.length > maxPoints) break;
    points += read.points.length;
    reads.push(read);
    if (points >= maxPoints) break;
  }
  return reads;
}

function batchOf(reads: readonly Read[], range: Range): Batch {
  return {
    range,
    points: reads.flatMap(({ points }) => points),
    bytes: reads.reduce((sum, { bytes }) => sum + bytes, 0),
    damaged: reads.flatMap(({ damaged }) => damaged),
    damagedRecords: reads.filter(({ damaged }) => damaged.length > 0).map(({ key }) => key),
  };
}

function pointsOf(sequence: number, value: Buffer): Pick<Read, 'points' | 'damaged'> {
  try {
    return { points: decodeRecord(sequence, value).points, damaged: [] };
  } catch (error) {
    const reason = (error as Error).message;
    return { points: [], damaged: [{ kind: 'damaged', reason, raw: value.toString('base64') }] };
  }
}
