// Takes batches out of the spool for a sink, from the oldest or from the newest; by the store itself, or by a copy of what it knows.

import type { Clock } from '../../runtime/clock.ts';
import { expanded, type Points } from '../../model/factored-points.ts';
import type { DataPoint } from '../../model/point.ts';
import { type Backlog, backlogs } from './backlog.ts';
import type { Content } from '../state/stored-content.ts';
import type { LegacyRecordFeed } from '../legacy/record-feed.ts';
import type { Totals } from '../log/format.ts';
import { type GroupPlaces, lastWhere } from '../log/group-places.ts';
import { pointOf, pointsDecoder } from '../log/payload.ts';
import { type Damage, type ReadRecords, recordReader } from '../log/record-reader.ts';
import type { DurableEnd } from '../log/segment-log.ts';
import { type SegmentEntry, segmentOf } from '../log/segment-table.ts';
import { finish, type FinishedRange, finishRest, lastUnfinished, nextUnfinished, type Position } from './position.ts';
import type { SpoolState } from '../state/state.ts';

/** Some records in a row, taken out together. */
export interface Batch {
  readonly range: FinishedRange;
  /** As they were delivered. */
  readonly deliveries: readonly Points[];
  /** All of them, one by one; made when it is first asked for. */
  readonly points: readonly DataPoint[];
  readonly pointCount: number;
  /** What cannot be read of it. */
  readonly damage: readonly Damage[];
}

/** Points of the retry set, taken out together. */
export interface Retry {
  readonly sequence: number;
  readonly points: readonly DataPoint[];
  /** How often they were tried. */
  readonly attempts: number;
  /** ms since 1970 UTC */
  readonly firstKeptAtMs: number;
}

/** What is known of the log and of the sinks; held by the owner of the log, or by a thread that is told of changes. */
export interface ReadableStore {
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  readonly state: Pick<SpoolState, 'positions' | 'retries' | 'skipped'>;
  readonly segments: () => readonly SegmentEntry[];
  readonly index: GroupPlaces;
  readonly content: Pick<Content, 'at'>;
  /** What has been appended, ever, durable or not. */
  totals(): Totals;
  durableEnd(): DurableEnd;
}

export interface TakerOptions {
  readonly directory: string;
  readonly store: ReadableStore;
  readonly sinkName: string;
  /** Told of records that cannot be read. */
  readonly onDamage: (damage: Damage) => void;
  /** The records of a store of an earlier version, which come before those of the log; absent: there is none. */
  readonly former?: LegacyRecords | undefined;
  /** Told of an entry of the retry set that cannot be read. */
  readonly onLostRetry: (sequence: number, points: number) => void;
}

export interface LegacyRecords extends LegacyRecordFeed {
  /** The number of the last of them; 0 once they are drained. */
  through(): number;
}

export interface BatchTaker {
  /** The next records at an end of the spool that were not taken out since the start, with some `maxPoints` points. */
  next(maxPoints: number, end?: 'oldest' | 'newest'): Batch | undefined;
  /** The next of the retry set that is due. */
  nextRetry(): Retry | undefined;
  /** Whether it waits still: it was taken out, and neither finished nor dropped. */
  isWanted(from: Batch | Retry): boolean;
  backlog(): Backlog;
  /** What an optional sink has missed, ever, since too much waited for it. */
  skippedPoints(): number;
  /** How many points `next` would still find. */
  untakenPoints(): number;
  /** When the next of the retry set is due, by the steady clock. */
  nextDueAtMs(): number | undefined;
  /** To be told when what became of an entry of the retry set is written down. */
  finishedRetry(sequence: number): void;
}

/** What a taker holds in memory. */
interface Taking extends TakerOptions {
  readonly records: ReturnType<typeof recordReader>;
  /** What has been taken out or is finished, as if it were a position. */
  taken: Position;
  readonly takenRetries: Set<number>;
}

export function batchTaker(options: TakerOptions): BatchTaker {
  const { store, sinkName, directory } = options;
  const backlog = backlogs(store);
  const records = recordReader({ directory, segments: store.segments, index: store.index, decode: pointsDecoder() });
  const taking: Taking = { ...options, records, taken: positionOf(options), takenRetries: new Set() };
  return {
    next: (maxPoints, end = 'oldest') => (end === 'oldest' ? oldest(taking, maxPoints) : newest(taking, maxPoints)),
    nextRetry: () => nextRetry(taking),
    isWanted: (from) => isWanted(options, from),
    backlog: () => backlog(sinkName),
    skippedPoints: () => store.state.skipped.get(sinkName) ?? 0,
    untakenPoints: () => store.durableEnd().totals.points - takenOf(taking).points,
    nextDueAtMs: () => nextDueAtMs(taking),
    finishedRetry: (sequence) => void taking.takenRetries.delete(sequence),
  };
}

/** Where a sink stands; one that is not known, at the beginning. */
export function positionOf({
  store,
  sinkName,
}: Pick<TakerOptions, 'sinkName'> & { readonly store: Pick<ReadableStore, 'state'> }): Position {
  return store.state.positions.get(sinkName) ?? { through: 0, finished: [], points: 0, bytes: 0 };
}

/** A batch that stands below the low-water mark before it was finished has been dropped. */
export function isWanted(
  options: Pick<TakerOptions, 'sinkName'> & { readonly store: Pick<ReadableStore, 'state'> },
  from: Batch | Retry,
): boolean {
  if ('range' in from) return from.range[1] > positionOf(options).through;
  return options.store.state.retries.get(options.sinkName)?.has(from.sequence) === true;
}

/** What was skipped or dropped meanwhile is finished, and counts as taken out. */
function takenOf(taking: Taking): Position {
  const position = positionOf(taking);
  const { taken } = taking;
  if (position.through <= taken.through) return taken;
  taking.taken = taken.finished.reduce(finishRest, position);
  return taking.taken;
}

function oldest(taking: Taking, maxPoints: number): Batch | undefined {
  const { from, before } = nextUnfinished(takenOf(taking), 0);
  const last = taking.former?.through() ?? 0;
  if (from <= last) return taken(taking, from, taking.former?.read(from, Math.min(before - 1, last), maxPoints));
  const through = Math.min(before - 1, taking.store.durableEnd().totals.records);
  return from > through ? undefined : taken(taking, from, taking.records.read(from, through, maxPoints));
}

/** The last records of the log, from the beginning of a group on; where there are none, the oldest of the store before it. */
function newest(taking: Taking, maxPoints: number): Batch | undefined {
  const { store, records } = taking;
  const { totals } = store.durableEnd();
  const stretch = lastUnfinished(takenOf(taking), totals.records);
  if (stretch === undefined) return undefined;
  const formerThrough = taking.former?.through() ?? 0;
  const [low, high] = [Math.max(stretch[0], formerThrough + 1), stretch[1]];
  if (high <= formerThrough) return oldest(taking, maxPoints);
  const segment = segmentOf(store.segments(), high);
  if (segment === undefined) return undefined;
  const groups = store.index.of(segment);
  const last = lastWhere(groups, ({ before }) => before.records < high);
  const end = groups[last + 1]?.before ?? segment.through;
  let first = last;
  while (
    first > 0 &&
    (groups[first - 1]?.before.records ?? 0) >= low - 1 &&
    end.points - (groups[first - 1]?.before.points ?? 0) <= maxPoints
  )
    first -= 1;
  const from = Math.max(low, (groups[first]?.before.records ?? segment.before.records) + 1);
  return taken(taking, from, records.read(from, high, Infinity));
}

function taken(taking: Taking, from: number, read: ReadRecords | undefined): Batch | undefined {
  if (read === undefined) return undefined;
  const { records, damage, through } = read;
  for (const each of damage) taking.onDamage(each);
  const pointCount = records.reduce((sum, record) => sum + record.pointCount, 0);
  const lostPoints = damage.reduce((sum, { points }) => sum + points, 0);
  const range: FinishedRange = [
    from,
    through,
    pointCount + lostPoints,
    records.reduce((sum, { bytes }) => sum + bytes, 0),
  ];
  taking.taken = finish(takenOf(taking), range);
  return batchOf(
    range,
    records.map(({ points }) => points),
    pointCount,
    damage,
  );
}

/** A batch; its points are made when they are first asked for. */
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

/** The first that is due, is durable, and was not taken out yet. */
function nextRetry({ store, sinkName, takenRetries, onLostRetry }: Taking): Retry | undefined {
  const nowMs = store.clock.steady();
  const end = store.durableEnd();
  for (const [sequence, entry] of store.state.retries.get(sinkName) ?? []) {
    if (takenRetries.has(sequence) || entry.dueAtMs > nowMs) continue;
    if (entry.segment > end.segment || (entry.segment === end.segment && entry.at >= end.at)) continue;
    const row = store.content.at(entry)?.retries?.[entry.part];
    if (row !== undefined) {
      takenRetries.add(sequence);
      return {
        sequence,
        points: row.points.map(pointOf),
        attempts: entry.attempts,
        firstKeptAtMs: entry.firstKeptAtMs,
      };
    }
    // Its frame is damaged: it is gone.
    onLostRetry(sequence, entry.points);
  }
  return undefined;
}

function nextDueAtMs({ store, sinkName, takenRetries }: Taking): number | undefined {
  let least: number | undefined;
  for (const [sequence, { dueAtMs }] of store.state.retries.get(sinkName) ?? []) {
    if (!takenRetries.has(sequence) && (least === undefined || dueAtMs < least)) least = dueAtMs;
  }
  return least;
}
