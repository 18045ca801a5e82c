// What the spool knows beside its records: held in memory, and made of a checkpoint and the changes in the log behind it. `apply` is the
// only way in which it changes, when a change is appended and when the log is read again.

import type { Clock } from '../../runtime/clock.ts';
import type { Change, DamagedGroup, StoredLetter, StoredParked, StoredRetry } from './change.ts';
import { type LegacyState, legacyStateAfter, noLegacyStore, passedBy } from '../legacy-phase.ts';
import { sizeOf } from '../dead-letters/list.ts';
import { letterTable, type LetterTable } from '../dead-letters/table.ts';
import type { Location } from '../log/segment-log.ts';
import { type Losses, totalLost, noLosses } from '../losses.ts';
import { finishRest, type Position } from '../readers/position.ts';

export interface SpoolState {
  /** By sink name. */
  readonly positions: Map<string, Position>;
  /** By sink name and number. */
  readonly retries: Map<string, Map<number, RetryEntry>>;
  /** By what they wait for, and number. */
  readonly parked: Map<string, Map<number, ParkedEntry>>;
  readonly letters: LetterTable;
  readonly samples: LetterTable;
  lost: Losses;
  /** By the number of the group. */
  readonly damaged: Map<number, DamagedGroup>;
  /** By sink name: points that it has missed, ever. */
  readonly skipped: Map<string, number>;
  suspectTails: number;
  /** The store of an earlier version. */
  former: LegacyState;
  nextParked: number;
  nextRetry: number;
  /** Bytes in each segment that are needed beside its records. */
  readonly live: Map<number, number>;
  readonly totals: { parkedCount: number; parkedBytes: number; retryBytes: number };
}

/** Something that stands in a frame, as its part of this number. */
interface Placed extends Location {
  readonly part: number;
  readonly bytes: number;
}

export interface ParkedEntry extends Placed {
  readonly parkedAtMs: number;
}

export interface RetryEntry extends Placed {
  readonly points: number;
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  readonly notBeforeMs: number;
  /** By the steady clock: a machine's time that is set back puts off nothing that waits. */
  readonly dueAtMs: number;
}

export function emptyState(): SpoolState {
  return {
    positions: new Map(),
    retries: new Map(),
    parked: new Map(),
    letters: letterTable(),
    samples: letterTable(),
    lost: noLosses,
    damaged: new Map(),
    skipped: new Map(),
    suspectTails: 0,
    former: noLegacyStore,
    nextParked: 1,
    nextRetry: 1,
    live: new Map(),
    totals: {
      parkedCount: 0,
      parkedBytes: 0,
      retryBytes: 0,
    },
  };
}

/** Beside the payload of a parked entry: what is held of it in memory. */
export const bytesAParked = 256;
/** The same of an entry of a retry set. */
const bytesARetry = 256;
const bytesARetriedPoint = 100;
/** A pause that is still to last longer was written by a wrong clock. */
const maxPauseMs = 600_000;

/** Puts a change into effect that stands, or will stand, at a place in the log. */
export function apply(state: SpoolState, change: Change, place: Location, clock: Pick<Clock, 'now' | 'steady'>): void {
  const isMove = change.isMove === true;
  if (change.former?.phase === 'begun') Object.assign(state, emptyState());
  for (const id of change.noLetters ?? []) dropLetter(state, id);
  for (const [waitsFor, sequence] of change.noParked ?? []) unpark(state, waitsFor, sequence);
  for (const [sink, sequence] of change.noRetries ?? []) dropRetry(state, sink, sequence);
  change.letters?.forEach((letter, part) => putLetter(state, state.letters, letter, { ...place, part }, isMove));
  change.samples?.forEach((letter, part) => putLetter(state, state.samples, letter, { ...place, part }, isMove));
  change.parked?.forEach((parked, part) => park(state, parked, { ...place, part }));
  change.retries?.forEach((retry, part) => keep(state, retry, { ...place, part }, clock));
  if (change.finish !== undefined) finishRange(state, change.finish);
  for (const [sink, position] of Object.entries(change.positions ?? {})) setPosition(state, sink, position);
  for (const sink of change.emptied ?? []) emptyRetries(state, sink);
  for (const [sink, points] of Object.entries(change.skipped ?? {}))
    state.skipped.set(sink, (state.skipped.get(sink) ?? 0) + points);
  if (change.lost !== undefined) state.lost = totalLost(state.lost, change.lost);
  for (const group of change.damaged ?? []) noteDamage(state, group);
  state.suspectTails += change.suspectTails ?? 0;
  if (change.former !== undefined) setFormer(state, change.former);
}

function putLetter(
  state: SpoolState,
  index: LetterTable,
  letter: StoredLetter,
  where: Location & { readonly part: number },
  isMove: boolean,
): void {
  const id = indexId(letter.id);
  const known = index.get(id);
  if (known !== undefined) live(state, known.segment, -known.bytes);
  // Samples are in the order in which they were seen last.
  if (index === state.samples && !isMove) index.delete(id);
  const bytes = sizeOf(letter.id, letter);
  const counts =
    known === undefined || isMove
      ? letter
      : { times: known.times + letter.times, firstAtMs: known.firstAtMs, lastAtMs: letter.lastAtMs };
  index.set({ id, ...where, bytes, times: counts.times, firstAtMs: counts.firstAtMs, lastAtMs: counts.lastAtMs });
  live(state, where.segment, bytes);
}

/** The ids of samples begin with a letter that is no hexadecimal digit. */
export function indexId(id: string): string {
  return id.startsWith('m') ? `${id.slice(1)}0` : id;
}

function dropLetter(state: SpoolState, id: string): void {
  const index = id.startsWith('m') ? state.samples : state.letters;
  const known = index.get(indexId(id));
  if (known === undefined) return;
  live(state, known.segment, -known.bytes);
  index.delete(indexId(id));
}

function park(
  state: SpoolState,
  { waitsFor, sequence, parkedAtMs, payload }: StoredParked,
  where: Location & { readonly part: number },
): void {
  unpark(state, waitsFor, sequence);
  const bytes = payload.length + bytesAParked;
  const entries = state.parked.get(waitsFor) ?? new Map<number, ParkedEntry>();
  entries.set(sequence, { ...where, bytes, parkedAtMs });
  state.parked.set(waitsFor, entries);
  state.totals.parkedCount += 1;
  state.totals.parkedBytes += bytes;
  state.nextParked = Math.max(state.nextParked, sequence + 1);
  live(state, where.segment, bytes);
}

function unpark(state: SpoolState, waitsFor: string, sequence: number): void {
  const entries = state.parked.get(waitsFor);
  const entry = entries?.get(sequence);
  if (entries === undefined || entry === undefined) return;
  entries.delete(sequence);
  if (entries.size === 0) state.parked.delete(waitsFor);
  state.totals.parkedCount -= 1;
  state.totals.parkedBytes -= entry.bytes;
  live(state, entry.segment, -entry.bytes);
}

function keep(
  state: SpoolState,
  retry: StoredRetry,
  where: Location & { readonly part: number },
  clock: Pick<Clock, 'now' | 'steady'>,
): void {
  const { sink, sequence, points, attempts, firstKeptAtMs, notBeforeMs } = retry;
  dropRetry(state, sink, sequence);
  const bytes = points.length * bytesARetriedPoint + bytesARetry;
  const dueAtMs = dueAt(notBeforeMs, clock);
  const entries = state.retries.get(sink) ?? new Map<number, RetryEntry>();
  entries.set(sequence, { ...where, bytes, points: points.length, attempts, firstKeptAtMs, notBeforeMs, dueAtMs });
  state.retries.set(sink, entries);
  state.totals.retryBytes += bytes;
  state.nextRetry = Math.max(state.nextRetry, sequence + 1);
  live(state, where.segment, bytes);
}

/** When a retry is due by the steady clock. */
export function dueAt(notBeforeMs: number, clock: Pick<Clock, 'now' | 'steady'>): number {
  return clock.steady() + Math.min(maxPauseMs, notBeforeMs - clock.now());
}

function dropRetry(state: SpoolState, sink: string, sequence: number): void {
  const entries = state.retries.get(sink);
  const entry = entries?.get(sequence);
  if (entries === undefined || entry === undefined) return;
  entries.delete(sequence);
  state.totals.retryBytes -= entry.bytes;
  live(state, entry.segment, -entry.bytes);
}

function emptyRetries(state: SpoolState, sink: string): void {
  for (const sequence of [...(state.retries.get(sink)?.keys() ?? [])]) dropRetry(state, sink, sequence);
}

/** Where a sink stands that has been moved meanwhile, the part of the range that it had finished by then does not count again. */
function finishRange({ positions }: SpoolState, { sink, range }: NonNullable<Change['finish']>): void {
  const position = positions.get(sink);
  if (position !== undefined) positions.set(sink, finishRest(position, range));
}

function setPosition(state: SpoolState, sink: string, position: Position | null): void {
  if (position !== null) return void state.positions.set(sink, position);
  state.positions.delete(sink);
  emptyRetries(state, sink);
  state.retries.delete(sink);
}

function noteDamage(state: SpoolState, damage: DamagedGroup): void {
  const known = state.damaged.get(damage.group) ?? { records: 0, points: 0 };
  state.lost = totalLost(state.lost, {
    records: Math.max(0, damage.records - known.records),
    points: Math.max(0, damage.points - known.points),
  });
  state.damaged.set(damage.group, damage);
}

/** Where nothing is waited for in the store of an earlier version any more, each sink has passed it. */
function setFormer(state: SpoolState, change: NonNullable<Change['former']>): void {
  state.former = legacyStateAfter(change);
  const { phase, end } = state.former;
  if (phase === 'carrying' || phase === 'carried') return;
  for (const [sink, position] of state.positions) state.positions.set(sink, passedBy(position, end));
  for (const group of state.damaged.keys()) if (group < 0) state.damaged.delete(group);
}

/** Segments whose damaged groups are gone need not be told of again; records of an earlier version's store have numbers below 0. */
export function forgetDamageBefore({ damaged }: SpoolState, group: number): void {
  for (const number of damaged.keys()) if (number >= 0 && number < group) damaged.delete(number);
}

function live({ live: bytesOf }: SpoolState, segment: number, bytes: number): void {
  const left = (bytesOf.get(segment) ?? 0) + bytes;
  if (left > 0) bytesOf.set(segment, left);
  else bytesOf.delete(segment);
}
