// A sink's view of the spool: takes out batches, and records what became of them.

import { type Bell, bell } from '../bell.ts';
import type { DataPoint } from '../point.ts';
import type { AddressedLetter } from './dead-letters.ts';
import { finish, nextUnfinished, type Position, type Range } from './position.ts';
import { decodeRecord } from './record.ts';
import { bytesBesideRecord, type SpoolState } from './state.ts';

/** Some records in a row, taken out together. */
export interface Batch {
  readonly range: Range;
  readonly points: readonly DataPoint[];
  readonly bytes: number;
  /** Records whose checksum did not fit; they hold no points any more. */
  readonly damaged: readonly AddressedLetter[];
}

export interface Backlog {
  readonly points: number;
  readonly bytes: number;
  /** When the oldest unfinished record was appended, ms since 1970 UTC; undefined when nothing waits. */
  readonly oldestAtMs: number | undefined;
}

export interface SpoolReader {
  /** The next records that were not taken out since the start, with some `maxPoints` points; undefined when there are none. */
  next(maxPoints: number): Batch | undefined;
  /** Records in one step that the batch is finished, and its dead letters. */
  finish(batch: Batch, letters: readonly AddressedLetter[]): Promise<void>;
  backlog(): Backlog;
  /** How many points `next` would still find. */
  untakenPoints(): number;
  /** Rung after each append; the reader's owner may ring it too. */
  readonly bell: Bell;
}

/** The reader of a sink; a sink that is new to the spool begins with what is appended from now on. */
export async function spoolReader(state: SpoolState, sinkName: string): Promise<SpoolReader> {
  const { store, positions, bells } = state;
  if (!positions.has(sinkName)) await startAtHead(state, sinkName);
  const appends = bell();
  bells.add(appends);
  let cursor = 0;
  let takenPoints = 0;
  const startedAt = (positions.get(sinkName) as Position).points;
  const position = (): Position => positions.get(sinkName) as Position;
  return {
    next(maxPoints) {
      const batch = readBatch(state, position(), cursor, maxPoints);
      if (batch === undefined) return undefined;
      cursor = batch.range[1] + 1;
      takenPoints += batch.points.length;
      return batch;
    },
    finish: (batch, letters) =>
      store.write(() => {
        const moved = finish(position(), batch.range, { points: batch.points.length, bytes: batch.bytes });
        positions.set(sinkName, moved);
        store.positions.putSync(sinkName, moved);
        for (const letter of letters) state.deadLetters.add(letter, state.clock.now());
        deleteFinished(state);
      }),
    backlog() {
      const { points, bytes } = position();
      const { totals } = state.head;
      return { points: totals.points - points, bytes: totals.bytes - bytes, oldestAtMs: oldestAtMs(state, position()) };
    },
    untakenPoints: () => state.head.totals.points - startedAt - takenPoints,
    bell: appends,
  };
}

async function startAtHead({ store, positions, head }: SpoolState, sinkName: string): Promise<void> {
  await store.write(() => {
    const position: Position = { through: head.sequence, finished: [], ...head.totals };
    positions.set(sinkName, position);
    store.positions.putSync(sinkName, position);
  });
}

function readBatch({ store }: SpoolState, position: Position, cursor: number, maxPoints: number): Batch | undefined {
  const { from, before } = nextUnfinished(position, cursor);
  const points: DataPoint[] = [];
  const damaged: AddressedLetter[] = [];
  let through: number | undefined;
  let bytes = 0;
  for (const { key, value } of store.records.getRange({ start: from, end: before })) {
    const read = pointsOf(value);
    if (points.length > 0 && read.points.length + points.length > maxPoints) break;
    points.push(...read.points);
    if (read.damaged !== undefined) damaged.push(read.damaged);
    through = key;
    bytes += value.length + bytesBesideRecord;
    if (points.length >= maxPoints) break;
  }
  return through === undefined ? undefined : { range: [from, through], points, bytes, damaged };
}

function pointsOf(value: Buffer): { readonly points: readonly DataPoint[]; readonly damaged?: AddressedLetter } {
  try {
    return { points: decodeRecord(value).points };
  } catch (error) {
    const reason = (error as Error).message;
    return { points: [], damaged: { kind: 'damaged', reason, raw: value.toString('base64') } };
  }
}

/** To be called inside a transaction: deletes the records that no sink needs any more. */
function deleteFinished(state: SpoolState): void {
  const through = Math.min(...[...state.positions.values()].map((position) => position.through));
  for (let sequence = state.deletedThrough + 1; sequence <= through; sequence += 1) state.store.records.removeSync(sequence);
  state.deletedThrough = Math.max(state.deletedThrough, through);
}

function oldestAtMs({ store }: SpoolState, position: Position): number | undefined {
  const { from } = nextUnfinished(position, 0);
  for (const { value } of store.records.getRange({ start: from, limit: 1 })) {
    try {
      return decodeRecord(value).appendedAtMs;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
