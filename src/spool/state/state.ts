// The state of the spool beside its records: positions, retry sets, parked measurements, letters and counts, in memory.
// `applyChange` changes it: when a change is appended (finished ranges: when it is durable) and at recovery. Positions also
// move without a frame.

import type { Clock } from '../../runtime/clock.ts';
import { isSample, sizeOf, tableId } from '../dead-letters/letters.ts';
import { LetterTable } from '../dead-letters/table.ts';
import { type LegacyState, legacyStateAfter, noLegacyStore, passedBy } from '../legacy-phase.ts';
import type { Location } from '../log/segment-log.ts';
import { type Losses, noLosses, addLosses } from '../losses.ts';
import { finishRest, type Position } from '../readers/position.ts';
import type { Change, DamagedGroup, StoredLetter } from './change.ts';

export interface SpoolState {
  /** By sink. */
  readonly positions: Map<string, Position>;
  /** By sink and sequence. */
  readonly retries: Map<string, Map<number, RetryEntry>>;
  /** By node and sequence. */
  readonly parked: Map<string, Map<number, ParkedEntry>>;
  readonly letters: LetterTable;
  readonly samples: LetterTable;
  lost: Losses;
  /** By group number. */
  readonly damaged: Map<number, DamagedGroup>;
  /** Points that each sink has missed. */
  readonly skipped: Map<string, number>;
  suspectTails: number;
  /** The legacy store. */
  legacy: LegacyState;
  nextParked: number;
  nextRetry: number;
  /** Bytes of live entries in each segment. */
  readonly live: Map<number, number>;
  readonly totals: { parkedCount: number; parkedBytes: number; retryBytes: number };
}

/** The location of an entry: its index among the entries of its kind in a frame. */
export interface EntryLocation extends Location {
  readonly part: number;
}

interface ParkedEntry extends EntryLocation {
  readonly bytes: number;
  readonly parkedAtMs: number;
}

export interface RetryEntry extends EntryLocation {
  readonly bytes: number;
  readonly points: number;
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  readonly notBeforeMs: number;
  /** By the steady clock, so that setting the wall clock back delays nothing. */
  readonly dueAtMs: number;
}

export function emptyState(): SpoolState {
  return {
    positions: new Map(),
    retries: new Map(),
    parked: new Map(),
    letters: new LetterTable(),
    samples: new LetterTable(),
    lost: noLosses,
    damaged: new Map(),
    skipped: new Map(),
    suspectTails: 0,
    legacy: noLegacyStore,
    nextParked: 1,
    nextRetry: 1,
    live: new Map(),
    totals: { parkedCount: 0, parkedBytes: 0, retryBytes: 0 },
  };
}

/** Memory of a parked entry beside its payload. */
export const parkedOverheadBytes = 256;
const retryOverheadBytes = 256;
const retriedPointBytes = 100;
/** Caps the pause of a retry that was written under a wrong clock. */
const maxPauseMs = 600_000;

/** Applies the change of the frame at `place`. */
export function applyChange(
  state: SpoolState,
  change: Change,
  place: Location,
  clock: Pick<Clock, 'now' | 'steady'>,
): void {
  const isMove = change.isMove === true;
  if (change.former?.phase === 'begun') Object.assign(state, emptyState());
  for (const id of change.noLetters ?? []) removeLetter(state, id);
  for (const [waitsFor, sequence] of change.noParked ?? []) remove(state, state.parked, waitsFor, sequence);
  for (const [sink, sequence] of change.noRetries ?? []) remove(state, state.retries, sink, sequence);
  change.letters?.forEach((letter, part) => putLetter(state, state.letters, letter, { ...place, part }, isMove));
  change.samples?.forEach((letter, part) => putLetter(state, state.samples, letter, { ...place, part }, isMove));
  change.parked?.forEach(({ waitsFor, sequence, parkedAtMs, payload }, part) => {
    const bytes = payload.length + parkedOverheadBytes;
    put(state, state.parked, waitsFor, sequence, { ...place, part, bytes, parkedAtMs });
    state.nextParked = Math.max(state.nextParked, sequence + 1);
  });
  change.retries?.forEach(({ sink, sequence, points, attempts, firstKeptAtMs, notBeforeMs }, part) => {
    const bytes = points.length * retriedPointBytes + retryOverheadBytes;
    const [count, dueAtMs] = [points.length, dueAt(notBeforeMs, clock)];
    const entry = { ...place, part, bytes, points: count, attempts, firstKeptAtMs, notBeforeMs, dueAtMs };
    put(state, state.retries, sink, sequence, entry);
    state.nextRetry = Math.max(state.nextRetry, sequence + 1);
  });
  if (change.finish !== undefined) finishRange(state, change.finish);
  for (const [sink, position] of Object.entries(change.positions ?? {})) setPosition(state, sink, position);
  for (const sink of change.emptied ?? []) clearRetries(state, sink);
  for (const [sink, points] of Object.entries(change.skipped ?? {}))
    state.skipped.set(sink, (state.skipped.get(sink) ?? 0) + points);
  if (change.lost !== undefined) state.lost = addLosses(state.lost, change.lost);
  for (const group of change.damaged ?? []) addDamage(state, group);
  state.suspectTails += change.suspectTails ?? 0;
  if (change.former !== undefined) setLegacyState(state, change.former);
}

function putLetter(
  state: SpoolState,
  table: LetterTable,
  letter: StoredLetter,
  place: EntryLocation,
  isMove: boolean,
): void {
  const id = tableId(letter.id);
  const known = table.get(id);
  if (known !== undefined) addLiveBytes(state, known.segment, -known.bytes);
  // Samples are ordered by when they were last seen.
  if (table === state.samples && !isMove) table.delete(id);
  const bytes = sizeOf(letter.id, letter);
  const { times, firstAtMs, lastAtMs } =
    known === undefined || isMove
      ? letter
      : { times: known.times + letter.times, firstAtMs: known.firstAtMs, lastAtMs: letter.lastAtMs };
  table.set({ id, ...place, bytes, times, firstAtMs, lastAtMs });
  addLiveBytes(state, place.segment, bytes);
}

function removeLetter(state: SpoolState, id: string): void {
  const table = tableOf(state, id);
  const known = table.get(tableId(id));
  if (known === undefined) return;
  addLiveBytes(state, known.segment, -known.bytes);
  table.delete(tableId(id));
}

function tableOf({ letters, samples }: SpoolState, id: string): LetterTable {
  return isSample(id) ? samples : letters;
}

/** Reports whether a dead letter or a sample exists. */
export function hasLetter(state: SpoolState, id: string): boolean {
  return tableOf(state, id).get(tableId(id)) !== undefined;
}

type Entries<Entry> = Map<string, Map<number, Entry>>;

/** Adds a parked measurement or a retry, replacing one of the same key and sequence. */
function put<Entry extends ParkedEntry | RetryEntry>(
  state: SpoolState,
  entries: Entries<Entry>,
  key: string,
  sequence: number,
  entry: Entry,
): void {
  remove(state, entries, key, sequence);
  entries.set(key, (entries.get(key) ?? new Map<number, Entry>()).set(sequence, entry));
  count(state, entry, 1);
}

function remove<Entry extends ParkedEntry | RetryEntry>(
  state: SpoolState,
  entries: Entries<Entry>,
  key: string,
  sequence: number,
): void {
  const ofKey = entries.get(key);
  const entry = ofKey?.get(sequence);
  if (ofKey === undefined || entry === undefined) return;
  ofKey.delete(sequence);
  if (ofKey.size === 0) entries.delete(key);
  count(state, entry, -1);
}

function count(state: SpoolState, entry: ParkedEntry | RetryEntry, sign: 1 | -1): void {
  const { totals } = state;
  if ('parkedAtMs' in entry) {
    totals.parkedCount += sign;
    totals.parkedBytes += sign * entry.bytes;
  } else {
    totals.retryBytes += sign * entry.bytes;
  }
  addLiveBytes(state, entry.segment, sign * entry.bytes);
}

/** Converts the due time of a retry to the steady clock. */
export function dueAt(notBeforeMs: number, clock: Pick<Clock, 'now' | 'steady'>): number {
  return clock.steady() + Math.min(maxPauseMs, notBeforeMs - clock.now());
}

function clearRetries(state: SpoolState, sink: string): void {
  for (const sequence of state.retries.get(sink)?.keys() ?? []) remove(state, state.retries, sink, sequence);
}

/** If the position has moved meanwhile, only the unfinished part of the range counts. */
function finishRange({ positions }: SpoolState, { sink, range }: NonNullable<Change['finish']>): void {
  const position = positions.get(sink);
  if (position !== undefined) positions.set(sink, finishRest(position, range));
}

function setPosition(state: SpoolState, sink: string, position: Position | null): void {
  if (position !== null) return void state.positions.set(sink, position);
  state.positions.delete(sink);
  clearRetries(state, sink);
  state.retries.delete(sink);
}

/** Several sinks may report the same group: only the difference is added to the losses. */
function addDamage(state: SpoolState, damage: DamagedGroup): void {
  const known = state.damaged.get(damage.group) ?? { records: 0, points: 0 };
  state.lost = addLosses(state.lost, {
    records: Math.max(0, damage.records - known.records),
    points: Math.max(0, damage.points - known.points),
  });
  state.damaged.set(damage.group, damage);
}

/** Once the legacy store is drained or set aside, every sink has passed it. */
function setLegacyState(state: SpoolState, change: NonNullable<Change['former']>): void {
  state.legacy = legacyStateAfter(change);
  const { phase, end } = state.legacy;
  if (phase === 'carrying' || phase === 'carried') return;
  for (const [sink, position] of state.positions) state.positions.set(sink, passedBy(position, end));
  for (const group of state.damaged.keys()) if (group < 0) state.damaged.delete(group);
}

/** Forgets damaged groups of recycled segments. Groups of the legacy store have negative numbers. */
export function forgetDamageBefore({ damaged }: SpoolState, group: number): void {
  for (const number of damaged.keys()) if (number >= 0 && number < group) damaged.delete(number);
}

function addLiveBytes({ live }: SpoolState, segment: number, bytes: number): void {
  const left = (live.get(segment) ?? 0) + bytes;
  if (left > 0) live.set(segment, left);
  else live.delete(segment);
}
