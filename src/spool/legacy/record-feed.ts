// A sink's records of the store of an earlier version: fetched ahead, since that is read by another process and readers do not wait.

import type { DamagedLegacyRecord, LegacyRecord } from './lmdb/store.ts';
import type { LegacyPart } from './legacy-part.ts';
import type { Damage, LogRecord, ReadRecords } from '../log/record-reader.ts';

export interface LegacyRecordFeed {
  /**
   * Records from one on, in a stretch that the sink has not finished, until there are so many points in them, one at least. Undefined
   * while they are fetched; rings when they have come.
   */
  read(from: number, through: number, maxPoints: number): ReadRecords | undefined;
}

type Fetched = LegacyRecord | DamagedLegacyRecord;

/** A stretch that is fetched. */
interface Stretch {
  readonly records: AsyncIterator<Fetched>;
  readonly through: number;
  /** Fetched and not taken out, in order. */
  readonly fetched: Fetched[];
  points: number;
  /** The record that is fetched or taken out next. */
  next: number;
  isFetching: boolean;
  /** Whether all of it is fetched. */
  isWhole: boolean;
}

interface Feed {
  readonly former: LegacyPart;
  readonly ring: () => void;
  stretch: Stretch | undefined;
  /** While it is seen whether records can be read again. */
  isHalted: boolean;
}

/** So many batches are held in memory. */
const batchesAhead = 2;
/** What cannot be read has no points, and is taken out in portions, too. */
const mostDamaged = 500;

export function legacyRecordFeed(former: LegacyPart, ring: () => void): LegacyRecordFeed {
  const feed: Feed = { former, ring, stretch: undefined, isHalted: false };
  return { read: (from, through, maxPoints) => read(feed, from, through, maxPoints) };
}

function read(feed: Feed, from: number, through: number, maxPoints: number): ReadRecords | undefined {
  if (feed.isHalted || !feed.former.isAttached()) return undefined;
  const stretch = stretchFrom(feed, from, through);
  const isEnough = stretch.isWhole || stretch.points >= maxPoints || stretch.fetched.length >= mostDamaged;
  const taken = isEnough ? take(stretch, from, through, maxPoints) : undefined;
  if (taken?.records[0] !== undefined) feed.former.appendedAtMs = taken.atMs;
  void fetch(feed, stretch, maxPoints * batchesAhead);
  return taken;
}

/** What is fetched already, if the record is next in it; what was skipped meanwhile is not taken out. */
function stretchFrom(feed: Feed, from: number, through: number): Stretch {
  const { stretch, former } = feed;
  if (stretch !== undefined) {
    while (stretch.fetched[0] !== undefined && stretch.fetched[0].sequence < from) drop(stretch);
    if (stretch.next === from && from <= stretch.through) return stretch;
    void stretch.records.return?.();
  }
  const records = former.records(from, through)[Symbol.asyncIterator]();
  return (feed.stretch = { records, through, fetched: [], points: 0, next: from, isFetching: false, isWhole: false });
}

function drop(stretch: Stretch): Fetched {
  const first = stretch.fetched.shift() as Fetched;
  stretch.points -= pointsOf(first);
  stretch.next = first.sequence + 1;
  return first;
}

function take(
  stretch: Stretch,
  from: number,
  through: number,
  maxPoints: number,
): ReadRecords & { readonly atMs: number | undefined } {
  const records: LogRecord[] = [];
  const damage: Damage[] = [];
  let points = 0;
  let atMs: number | undefined;
  for (let next = stretch.fetched[0]; next !== undefined && next.sequence <= through; next = stretch.fetched[0]) {
    const count = pointsOf(next);
    if (points > 0 && points + count > maxPoints) break;
    if (damage.length >= mostDamaged) break;
    drop(stretch);
    points += count;
    if ('damaged' in next) {
      damage.push(lost(next.sequence, 1, count));
      continue;
    }
    atMs ??= next.appendedAtMs;
    records.push({ sequence: next.sequence, points: next.points, pointCount: count, bytes: next.bytes });
  }
  if (stretch.next === from) {
    // It ended before it should have: what is missing is lost.
    damage.push(lost(from, through - from + 1, 0));
    stretch.next = through + 1;
  }
  return { records, damage, through: stretch.next - 1, atMs };
}

function pointsOf(fetched: Fetched): number {
  return 'damaged' in fetched ? (fetched.points ?? 0) : fetched.points.length;
}

/** As if each were a group of its own, of a number that no group of the log has: so it is counted once over all sinks. */
function lost(sequence: number, records: number, points: number): Damage {
  return { segment: 0, at: sequence, group: -sequence, records, points };
}

async function fetch(feed: Feed, stretch: Stretch, maxPoints: number): Promise<void> {
  if (stretch.isFetching || stretch.isWhole) return;
  stretch.isFetching = true;
  try {
    while (
      feed.stretch === stretch &&
      stretch.points < maxPoints &&
      stretch.fetched.length < mostDamaged * batchesAhead
    ) {
      const { done, value } = await stretch.records.next();
      if (done === true) {
        stretch.isWhole = true;
        break;
      }
      stretch.fetched.push(value);
      stretch.points += pointsOf(value);
    }
  } catch (error) {
    await halt(feed, stretch, error);
  }
  stretch.isFetching = false;
  if (feed.stretch === stretch || feed.stretch === undefined) feed.ring();
}

/** What is fetched is fetched anew, if it can be. */
async function halt(feed: Feed, stretch: Stretch, error: unknown): Promise<void> {
  if (feed.stretch !== stretch) return;
  feed.isHalted = true;
  feed.stretch = undefined;
  if (await feed.former.unreadable(error)) feed.isHalted = false;
}
