// A sink's view of the spool: takes out batches, from the oldest or from the newest, and records what became of them.

import { type Bell, bell } from '../bell.ts';
import { expanded, type Points } from '../factored-points.ts';
import type { DataPoint } from '../point.ts';
import { type Backlog, backlogs } from './backlog.ts';
import { hasRoomForRetries } from './budgets.ts';
import type { Change, DamagedGroup } from './change.ts';
import type { AddressedLetter } from './dead-letters.ts';
import { type Bounds, hasRoomForLetters, newLetter } from './deliver.ts';
import { type FormerFeed, formerFeed } from './former-feed.ts';
import { pointOf, pointsDecoder, rowOf } from './log/payload.ts';
import { type Damage, type ReadRecords, recordReader } from './log/record-reader.ts';
import { lastWhere } from './log/group-places.ts';
import { segmentOf } from './log/segment-table.ts';
import { finish, type FinishedRange, finishRest, lastUnfinished, nextUnfinished, type Position } from './position.ts';
import type { Store } from './store.ts';

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
  /** Records that the batch is finished, and what became of its points; resolves when that which has to be kept is durable. */
  finish(batch: Batch, outcome: Outcome): Promise<void>;
  /** Records what became of points of the retry set; resolves when it is durable. */
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

export interface ReaderOptions {
  readonly directory: string;
  readonly store: Store;
  readonly bounds: Bounds;
  readonly sinkName: string;
  /** Told of records that cannot be read. */
  readonly onDamage: (damage: Damage) => void;
}

/** What a reader holds in memory. */
interface Reading extends ReaderOptions {
  readonly records: ReturnType<typeof recordReader>;
  /** Of the store of an earlier version. */
  readonly formerRecords: FormerFeed | undefined;
  /** What has been taken out or is finished, as if it were a position. */
  taken: Position;
  readonly takenRetries: Set<number>;
}

/** The reader of a sink that has a position. */
export function spoolReader(options: ReaderOptions): SpoolReader {
  const { store, sinkName, directory } = options;
  const appends = bell();
  store.onDurable(appends.ring);
  const backlog = backlogs(store);
  const records = recordReader({ directory, segments: store.segments, index: store.index, decode: pointsDecoder() });
  const former = store.former();
  const formerRecords = former && formerFeed(former, appends.ring);
  const reading: Reading = { ...options, records, formerRecords, taken: positionOf(options), takenRetries: new Set() };
  return {
    next: (maxPoints, end = 'oldest') => (end === 'oldest' ? oldest(reading, maxPoints) : newest(reading, maxPoints)),
    nextRetry: () => nextRetry(reading),
    finish: (batch, outcome) => finishBatch(reading, batch, outcome),
    finishRetry: (retry, outcome) => finishRetry(reading, retry, outcome),
    isWanted: (from) => isWanted(reading, from),
    backlog: () => backlog(sinkName),
    skippedPoints: () => store.state.skipped.get(sinkName) ?? 0,
    untakenPoints: () => store.durableEnd().totals.points - takenOf(reading).points,
    nextDueAtMs: () => nextDueAtMs(reading),
    bell: appends,
  };
}

function positionOf({ store, sinkName }: Pick<ReaderOptions, 'store' | 'sinkName'>): Position {
  return store.state.positions.get(sinkName) ?? { through: 0, finished: [], points: 0, bytes: 0 };
}

/** What was skipped or dropped meanwhile is finished, and counts as taken out. */
function takenOf(reading: Reading): Position {
  const position = positionOf(reading);
  const { taken } = reading;
  if (position.through <= taken.through) return taken;
  reading.taken = taken.finished.reduce(finishRest, position);
  return reading.taken;
}

function oldest(reading: Reading, maxPoints: number): Batch | undefined {
  const { from, before } = nextUnfinished(takenOf(reading), 0);
  const last = formerThrough(reading);
  if (from <= last) return taken(reading, from, reading.formerRecords?.read(from, Math.min(before - 1, last), maxPoints));
  const through = Math.min(before - 1, reading.store.durableEnd().totals.records);
  return from > through ? undefined : taken(reading, from, reading.records.read(from, through, maxPoints));
}

/** The last record that is read from the store of an earlier version; 0: none. */
function formerThrough({ store }: Reading): number {
  const former = store.former();
  return former?.isAttached() === true ? former.end.records : 0;
}

/** The last records of the log, from the beginning of a group on; where there are none, the oldest of the store before it. */
function newest(reading: Reading, maxPoints: number): Batch | undefined {
  const { store, records } = reading;
  const { totals } = store.durableEnd();
  const stretch = lastUnfinished(takenOf(reading), totals.records);
  if (stretch === undefined) return undefined;
  const last = formerThrough(reading);
  const [low, high] = [Math.max(stretch[0], last + 1), stretch[1]];
  if (high <= last) return oldest(reading, maxPoints);
  const segment = segmentOf(store.segments(), high);
  if (segment === undefined) return undefined;
  const groups = store.index.of(segment);
  const final = lastWhere(groups, ({ before }) => before.records < high);
  const end = groups[final + 1]?.before ?? segment.through;
  let first = final;
  while (first > 0 && (groups[first - 1]?.before.records ?? 0) >= low - 1 && end.points - (groups[first - 1]?.before.points ?? 0) <= maxPoints) first -= 1;
  const from = Math.max(low, (groups[first]?.before.records ?? segment.before.records) + 1);
  return taken(reading, from, records.read(from, high, Infinity));
}

function taken(reading: Reading, from: number, read: ReadRecords | undefined): Batch | undefined {
  if (read === undefined) return undefined;
  const { records, damage, through } = read;
  for (const each of damage) reading.onDamage(each);
  const pointCount = records.reduce((sum, record) => sum + record.pointCount, 0);
  const lostPoints = damage.reduce((sum, { points }) => sum + points, 0);
  const range: FinishedRange = [from, through, pointCount + lostPoints, records.reduce((sum, { bytes }) => sum + bytes, 0)];
  reading.taken = finish(takenOf(reading), range);
  return batchOf(range, records.map(({ points }) => points), pointCount, damage);
}

/** A batch; its points are made when they are first asked for. */
export function batchOf(range: FinishedRange, deliveries: readonly Points[], pointCount: number, damage: readonly Damage[]): Batch {
  let all: readonly DataPoint[] | undefined;
  return {
    ...{ range, deliveries, pointCount, damage },
    get points() {
      all ??= deliveries.length === 1 ? expanded(deliveries[0] as Points) : deliveries.flatMap(expanded);
      return all;
    },
  };
}

/** A batch that stands below the low-water mark before it was finished has been dropped. */
function isWanted({ store, sinkName }: Reading, from: Batch | Retry): boolean {
  if ('range' in from) return from.range[1] > positionOf({ store, sinkName }).through;
  return store.state.retries.get(sinkName)?.has(from.sequence) === true;
}

async function finishBatch(reading: Reading, batch: Batch, outcome: Outcome): Promise<void> {
  const { store, sinkName } = reading;
  const isDropped = !isWanted(reading, batch);
  const consequences = changeOf(reading, outcome, { attempts: 1, firstKeptAtMs: store.clock.now(), isDropped });
  const damaged: DamagedGroup[] = batch.damage.filter(({ records }) => records > 0).map(({ group, records, points }) => ({ group, records, points }));
  if (consequences !== undefined || damaged.length > 0) {
    const finished = isDropped ? {} : { finish: { sink: sinkName, range: batch.range } };
    await commit(reading, { ...consequences, ...finished, ...(damaged.length > 0 && { damaged }) });
  } else if (!isDropped) {
    const position = positionOf(reading);
    store.state.positions.set(sinkName, squared(store, finishRest(position, batch.range)));
    store.moved(sinkName);
  }
}

/** Once everything is finished, nothing waits, whatever was counted of what is damaged. */
function squared(store: Store, position: Position): Position {
  const { records, points, bytes } = store.totals();
  return position.through < records ? position : { ...position, points, bytes };
}

async function finishRetry(reading: Reading, retry: Retry, outcome: Outcome): Promise<void> {
  const isDropped = !isWanted(reading, retry);
  const change = changeOf(reading, outcome, { attempts: retry.attempts + 1, firstKeptAtMs: retry.firstKeptAtMs, isDropped });
  await commit(reading, { ...change, noRetries: [[reading.sinkName, retry.sequence]] });
  reading.takenRetries.delete(retry.sequence);
}

async function commit({ store, bounds }: Reading, change: Change): Promise<void> {
  await store.commit(change);
  for (const { kind } of change.letters ?? []) bounds.lettersAdded.set(kind, (bounds.lettersAdded.get(kind) ?? 0) + 1);
}

interface Terms {
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  /** Dropped meanwhile: what was kept is not wanted any more. */
  readonly isDropped: boolean;
}

/** What an outcome changes; undefined: nothing. */
function changeOf({ store, bounds, sinkName }: Reading, { letters, kept, notBeforeMs }: Outcome, { isDropped, attempts, firstKeptAtMs }: Terms): Change | undefined {
  if (letters.length === 0 && (kept.length === 0 || isDropped)) return undefined;
  const nowMs = store.clock.now();
  const hasLetters = letters.length > 0 && hasRoomForLetters(store, bounds, sinkName);
  const hasKept = kept.length > 0 && !isDropped && hasRoomForRetries(store, bounds.budgets, sinkName);
  const skipped = (hasLetters ? 0 : letters.length) + (hasKept || isDropped ? 0 : kept.length);
  return {
    ...(hasLetters && { letters: letters.map((letter) => newLetter(letter, nowMs)) }),
    ...(hasKept && { retries: [{ sink: sinkName, sequence: store.state.nextRetry, attempts, firstKeptAtMs, notBeforeMs, points: kept.map(rowOf) }] }),
    ...(skipped > 0 && { skipped: { [sinkName]: skipped } }),
  };
}

/** The first that is due and was not taken out yet. */
function nextRetry({ store, sinkName, takenRetries }: Reading): Retry | undefined {
  const nowMs = store.clock.steady();
  for (const [sequence, entry] of store.state.retries.get(sinkName) ?? []) {
    if (takenRetries.has(sequence) || entry.dueAtMs > nowMs) continue;
    const row = store.content.at(entry)?.retries?.[entry.part];
    if (row !== undefined) {
      takenRetries.add(sequence);
      return { sequence, points: row.points.map(pointOf), attempts: entry.attempts, firstKeptAtMs: entry.firstKeptAtMs };
    }
    // Its frame is damaged: it is gone.
    store.append({ change: { noRetries: [[sinkName, sequence]], lost: { retries: 1, points: entry.points } } });
  }
  return undefined;
}

function nextDueAtMs({ store, sinkName, takenRetries }: Reading): number | undefined {
  let least: number | undefined;
  for (const [sequence, { dueAtMs }] of store.state.retries.get(sinkName) ?? []) {
    if (!takenRetries.has(sequence) && (least === undefined || dueAtMs < least)) least = dueAtMs;
  }
  return least;
}
