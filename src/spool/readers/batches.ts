// Takes batches out of the spool for a sink, oldest or newest first, from the store or its replica in a thread.

import type { Clock } from '../../runtime/clock.ts';
import { expanded, type Points } from '../../model/factored-points.ts';
import type { DataPoint } from '../../model/point.ts';
import { type Backlog, backlogs } from './backlog.ts';
import type { LegacyRecordFeed } from '../legacy/record-feed.ts';
import type { Totals } from '../log/format.ts';
import { type GroupTable, lastGroupWhere } from '../log/group-table.ts';
import { pointOf, pointsDecoder } from '../log/payload.ts';
import { type Damage, type ReadRecords, type RecordReader, recordReader } from '../log/record-reader.ts';
import type { DurableEnd } from '../log/segment-log.ts';
import { type SegmentEntry, segmentOfRecord } from '../log/segment-table.ts';
import { finish, type FinishedRange, finishRest, lastUnfinished, nextUnfinished, type Position } from './position.ts';
import type { ChangeReader } from '../state/change-reader.ts';
import type { SpoolState } from '../state/state.ts';

/** Consecutive records. */
export interface Batch {
  readonly range: FinishedRange;
  /** One per record. */
  readonly deliveries: readonly Points[];
  /** All points, expanded on first use. */
  readonly points: readonly DataPoint[];
  readonly pointCount: number;
  /** Unreadable records in the range. */
  readonly damage: readonly Damage[];
}

/** An entry of the retry set. */
export interface Retry {
  readonly sequence: number;
  readonly points: readonly DataPoint[];
  readonly attempts: number;
  /** ms since 1970 UTC */
  readonly firstKeptAtMs: number;
}

/** The part of the store that readers need. */
export interface ReadableStore {
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  readonly state: Pick<SpoolState, 'positions' | 'retries' | 'skipped'>;
  readonly groups: GroupTable;
  readonly changes: Pick<ChangeReader, 'read'>;
  segments(): readonly SegmentEntry[];
  /** Totals of everything appended, durable or not. */
  totals(): Totals;
  durableEnd(): DurableEnd;
}

interface TakerOptions {
  readonly directory: string;
  readonly store: ReadableStore;
  readonly sinkName: string;
  /** Called for unreadable records. */
  readonly onDamage: (damage: Damage) => void;
  /** The records of the legacy store, which precede those of the log. */
  readonly legacy?: LegacyRecords | undefined;
  /** Called for an unreadable entry of the retry set. */
  readonly onLostRetry: (sequence: number, points: number) => void;
}

interface LegacyRecords extends LegacyRecordFeed {
  /** The number of the last record; 0 once the legacy store is drained. */
  through(): number;
}

export interface BatchTaker {
  /** The next records not taken out since the start, with at most `maxPoints` points but at least one record. */
  next(maxPoints: number, end?: 'oldest' | 'newest'): Batch | undefined;
  /** The next due entry of the retry set. */
  nextRetry(): Retry | undefined;
  /** False once a batch or retry was finished, skipped or dropped. */
  isWanted(from: Batch | Retry): boolean;
  backlog(): Backlog;
  /** Points that an optional sink has skipped over the life of the log. */
  skippedPoints(): number;
  untakenPoints(): number;
  /** Due time of the next retry, by the steady clock. */
  nextDueAtMs(): number | undefined;
  /** Called when the outcome of a retry is durable. */
  finishedRetry(sequence: number): void;
}

interface TakerState extends TakerOptions {
  readonly records: RecordReader;
  /** A position over the records that are taken out or finished. */
  taken: Position;
  readonly takenRetries: Set<number>;
}

export function batchTaker(options: TakerOptions): BatchTaker {
  const { store, sinkName, directory } = options;
  const backlog = backlogs(store);
  const { groups } = store;
  const records = recordReader({ directory, segments: () => store.segments(), groups, decode: pointsDecoder() });
  const taker: TakerState = { ...options, records, taken: positionOf(options), takenRetries: new Set() };
  return {
    next: (maxPoints, end = 'oldest') => (end === 'oldest' ? oldest(taker, maxPoints) : newest(taker, maxPoints)),
    nextRetry: () => nextRetry(taker),
    isWanted: (from) => isWanted(options, from),
    backlog: () => backlog(sinkName),
    skippedPoints: () => store.state.skipped.get(sinkName) ?? 0,
    untakenPoints: () => store.durableEnd().totals.points - takenOf(taker).points,
    nextDueAtMs: () => nextDueAtMs(taker),
    finishedRetry: (sequence) => void taker.takenRetries.delete(sequence),
  };
}

interface SinkOfStore {
  readonly store: Pick<ReadableStore, 'state'>;
  readonly sinkName: string;
}

/** The position of a sink; the start of the log if it has none. */
export function positionOf({ store, sinkName }: SinkOfStore): Position {
  return store.state.positions.get(sinkName) ?? { through: 0, finished: [], points: 0, bytes: 0 };
}

/** A batch below the low-water mark was skipped or dropped. */
export function isWanted(options: SinkOfStore, from: Pick<Batch, 'range'> | Pick<Retry, 'sequence'>): boolean {
  if ('range' in from) return from.range[1] > positionOf(options).through;
  return options.store.state.retries.get(options.sinkName)?.has(from.sequence) === true;
}

/** Counts records that were skipped or dropped meanwhile as taken. */
function takenOf(taker: TakerState): Position {
  const position = positionOf(taker);
  const { taken } = taker;
  if (position.through <= taken.through) return taken;
  taker.taken = taken.finished.reduce(finishRest, position);
  return taker.taken;
}

function oldest(taker: TakerState, maxPoints: number): Batch | undefined {
  const { from, before } = nextUnfinished(takenOf(taker), 0);
  const last = taker.legacy?.through() ?? 0;
  if (from <= last) return takeBatch(taker, from, taker.legacy?.read(from, Math.min(before - 1, last), maxPoints));
  const through = Math.min(before - 1, taker.store.durableEnd().totals.records);
  return from > through ? undefined : takeBatch(taker, from, taker.records.read(from, through, maxPoints));
}

/** The last records of the log, starting with a group. If there are none, the oldest of the legacy store. */
function newest(taker: TakerState, maxPoints: number): Batch | undefined {
  const { store, records } = taker;
  const { totals } = store.durableEnd();
  const stretch = lastUnfinished(takenOf(taker), totals.records);
  if (stretch === undefined) return undefined;
  const legacyThrough = taker.legacy?.through() ?? 0;
  const [low, high] = [Math.max(stretch[0], legacyThrough + 1), stretch[1]];
  if (high <= legacyThrough) return oldest(taker, maxPoints);
  const segment = segmentOfRecord(store.segments(), high);
  if (segment === undefined) return undefined;
  const groups = store.groups.of(segment);
  const last = lastGroupWhere(groups, ({ before }) => before.records < high);
  const end = groups[last + 1]?.before ?? segment.through;
  let first = last;
  while (
    first > 0 &&
    (groups[first - 1]?.before.records ?? 0) >= low - 1 &&
    end.points - (groups[first - 1]?.before.points ?? 0) <= maxPoints
  )
    first -= 1;
  const from = Math.max(low, (groups[first]?.before.records ?? segment.before.records) + 1);
  return takeBatch(taker, from, records.read(from, high, Infinity));
}

function takeBatch(taker: TakerState, from: number, read: ReadRecords | undefined): Batch | undefined {
  if (read === undefined) return undefined;
  const { records, damage, through } = read;
  for (const each of damage) taker.onDamage(each);
  const pointCount = records.reduce((sum, record) => sum + record.pointCount, 0);
  const lostPoints = damage.reduce((sum, { points }) => sum + points, 0);
  const range: FinishedRange = [
    from,
    through,
    pointCount + lostPoints,
    records.reduce((sum, { bytes }) => sum + bytes, 0),
  ];
  taker.taken = finish(takenOf(taker), range);
  return batchOf(
    range,
    records.map(({ points }) => points),
    pointCount,
    damage,
  );
}

function batchOf(
  range: FinishedRange,
  deliveries: readonly Points[],
  pointCount: number,
  damage: readonly Damage[],
): Batch {
  let all: readonly DataPoint[] | undefined;
  return {
    range,
    deliveries,
    pointCount,
    damage,
    get points() {
      all ??= deliveries.length === 1 ? expanded(deliveries[0] as Points) : deliveries.flatMap(expanded);
      return all;
    },
  };
}

/** The first entry that is due, durable and not taken. */
function nextRetry({ store, sinkName, takenRetries, onLostRetry }: TakerState): Retry | undefined {
  const nowMs = store.clock.steady();
  const end = store.durableEnd();
  for (const [sequence, entry] of store.state.retries.get(sinkName) ?? []) {
    if (takenRetries.has(sequence) || entry.dueAtMs > nowMs) continue;
    if (entry.segment > end.segment || (entry.segment === end.segment && entry.at >= end.at)) continue;
    const row = store.changes.read(entry)?.retries?.[entry.part];
    if (row !== undefined) {
      takenRetries.add(sequence);
      const { attempts, firstKeptAtMs } = entry;
      return { sequence, points: row.points.map(pointOf), attempts, firstKeptAtMs };
    }
    // The frame is damaged.
    onLostRetry(sequence, entry.points);
  }
  return undefined;
}

function nextDueAtMs({ store, sinkName, takenRetries }: TakerState): number | undefined {
  let least: number | undefined;
  for (const [sequence, { dueAtMs }] of store.state.retries.get(sinkName) ?? []) {
    if (!takenRetries.has(sequence) && (least === undefined || dueAtMs < least)) least = dueAtMs;
  }
  return least;
}
