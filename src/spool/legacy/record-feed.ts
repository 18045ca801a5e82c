// Feeds a sink with the records of the legacy store. It reads ahead, since another process reads the store and a sink's
// reader never waits.

import type { Damage, LogRecord, ReadRecords } from '../log/record-reader.ts';
import type { LegacyPart } from './legacy-part.ts';
import type { DamagedLegacyRecord, LegacyRecord } from './lmdb/store.ts';

export interface LegacyRecordFeed {
  /**
   * Returns records from `from` on, with at least one record and up to `maxPoints` points. The sink must not have
   * finished any of the range. Returns undefined while records are fetched, and wakes the reader when they have
   * arrived.
   */
  read(from: number, through: number, maxPoints: number): ReadRecords | undefined;
}

type Fetched = LegacyRecord | DamagedLegacyRecord;

/** A range that is fetched. */
interface FetchedRange {
  readonly records: AsyncIterator<Fetched>;
  readonly through: number;
  /** Fetched and not taken yet, in order. */
  readonly fetched: Fetched[];
  points: number;
  /** The record to take next. */
  next: number;
  isFetching: boolean;
  isComplete: boolean;
}

interface Feed {
  readonly legacy: LegacyPart;
  readonly wake: () => void;
  range: FetchedRange | undefined;
  /** The store is reopened after a read error. */
  isHalted: boolean;
}

const batchesAhead = 2;
/** Bounds a batch of damaged records, which have no points. */
const maxDamaged = 500;

export function legacyRecordFeed(legacy: LegacyPart, wake: () => void): LegacyRecordFeed {
  const feed: Feed = { legacy, wake, range: undefined, isHalted: false };
  return { read: (from, through, maxPoints) => read(feed, from, through, maxPoints) };
}

function read(feed: Feed, from: number, through: number, maxPoints: number): ReadRecords | undefined {
  if (feed.isHalted || !feed.legacy.isAttached()) return undefined;
  const range = rangeFrom(feed, from, through);
  const isEnough = range.isComplete || range.points >= maxPoints || range.fetched.length >= maxDamaged;
  const taken = isEnough ? take(range, from, through, maxPoints) : undefined;
  if (taken?.records[0] !== undefined) feed.legacy.appendedAtMs = taken.atMs;
  void fetch(feed, range, maxPoints * batchesAhead);
  return taken;
}

/** Returns the range that is fetched already, if `from` is next in it. Drops records that were skipped meanwhile. */
function rangeFrom(feed: Feed, from: number, through: number): FetchedRange {
  const { range, legacy } = feed;
  if (range !== undefined) {
    while (range.fetched[0] !== undefined && range.fetched[0].sequence < from) shift(range);
    if (range.next === from && from <= range.through) return range;
    void range.records.return?.();
  }
  const records = legacy.records(from, through)[Symbol.asyncIterator]();
  return (feed.range = { records, through, fetched: [], points: 0, next: from, isFetching: false, isComplete: false });
}

function shift(range: FetchedRange): void {
  const first = range.fetched.shift() as Fetched;
  range.points -= pointCountOf(first);
  range.next = first.sequence + 1;
}

function take(
  range: FetchedRange,
  from: number,
  through: number,
  maxPoints: number,
): ReadRecords & { readonly atMs: number | undefined } {
  const records: LogRecord[] = [];
  const damage: Damage[] = [];
  let points = 0;
  let atMs: number | undefined;
  for (let next = range.fetched[0]; next !== undefined && next.sequence <= through; next = range.fetched[0]) {
    const pointCount = pointCountOf(next);
    if ((points > 0 && points + pointCount > maxPoints) || damage.length >= maxDamaged) break;
    shift(range);
    points += pointCount;
    if ('damaged' in next) {
      damage.push(damageOf(next.sequence, 1, pointCount));
      continue;
    }
    atMs ??= next.appendedAtMs;
    records.push({ sequence: next.sequence, points: next.points, pointCount, bytes: next.bytes });
  }
  if (range.next === from) {
    // The range ended early: the rest is lost.
    damage.push(damageOf(from, through - from + 1, 0));
    range.next = through + 1;
  }
  return { records, damage, through: range.next - 1, atMs };
}

function pointCountOf(fetched: Fetched): number {
  return 'damaged' in fetched ? (fetched.points ?? 0) : fetched.points.length;
}

/** The group number is below 0, unlike any in the log, so that the damage counts once for all sinks. */
function damageOf(sequence: number, records: number, points: number): Damage {
  return { segment: 0, at: sequence, group: -sequence, records, points };
}

async function fetch(feed: Feed, range: FetchedRange, maxPoints: number): Promise<void> {
  if (range.isFetching || range.isComplete) return;
  range.isFetching = true;
  try {
    while (feed.range === range && range.points < maxPoints && range.fetched.length < maxDamaged * batchesAhead) {
      const { done, value } = await range.records.next();
      if (done === true) {
        range.isComplete = true;
        break;
      }
      range.fetched.push(value);
      range.points += pointCountOf(value);
    }
  } catch (error) {
    await reopen(feed, range, error);
  }
  range.isFetching = false;
  if (feed.range === range || feed.range === undefined) feed.wake();
}

/** Discards the fetched records. The feed stays halted if the store is lost. */
async function reopen(feed: Feed, range: FetchedRange, error: unknown): Promise<void> {
  if (feed.range !== range) return;
  feed.isHalted = true;
  feed.range = undefined;
  if (await feed.legacy.unreadable(error)) feed.isHalted = false;
}
