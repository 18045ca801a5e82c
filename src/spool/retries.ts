// The retry set of a sink: points that it could not take at the time, each batch of them with its own pause and attempts,
// kept over restarts so that they block nothing and are not forgotten.

import type { Clock } from '../clock.ts';
import type { DataPoint } from '../point.ts';
import { isIntact, type PointRow, pointOf, rowOf, sealed, unsealed } from './record.ts';
import type { Store } from './store.ts';

/** Points that wait to be written again. */
export interface Retry {
  readonly sequence: number;
  readonly points: readonly DataPoint[];
  /** How often the sink could not take them, the first time included. */
  readonly attempts: number;
  /** When it first could not, ms since 1970 UTC. */
  readonly firstKeptAtMs: number;
}

export interface Retries {
  /** Puts points down until `notBeforeMs`; to be called inside a transaction of the store. */
  add(points: readonly DataPoint[], terms: RetryTerms): void;
  /** The next that is due and not taken out yet. */
  next(): Retry | undefined;
  /** Takes one away; to be called inside a transaction of the store. */
  remove(retry: Pick<Retry, 'sequence'>): void;
  /** Takes all away; to be called inside a transaction of the store. */
  clear(): void;
  has(retry: Pick<Retry, 'sequence'>): boolean;
  /** Rows whose checksum does not fit. */
  damaged(): readonly { readonly sequence: number; readonly raw: Buffer }[];
  /** When the next one is due, by the steady clock; undefined when none waits. */
  nextDueAtMs(): number | undefined;
  points(): number;
  bytes(): number;
  oldestAtMs(): number | undefined;
}

export interface RetryTerms {
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  readonly notBeforeMs: number;
}

/** As it is stored. */
export interface RetryRow extends RetryTerms {
  readonly points: readonly PointRow[];
}

/** What is held in memory of each. */
interface Entry {
  readonly points: number;
  readonly bytes: number;
  /** By the steady clock: a machine's time that is set back puts off nothing that waits. */
  readonly dueAtMs: number;
  readonly firstKeptAtMs: number;
}

/** A pause that is still to last longer was written by a wrong clock. */
const maxPauseMs = 600_000;

/** Opens the retry set of a sink; reads it once. */
export function openRetries(store: Store, sinkName: string, clock: Clock): Retries {
  const entries = new Map<number, Entry>();
  const taken = new Set<number>();
  const damaged = new Map<number, Buffer>();
  const totals = { points: 0, bytes: 0 };
  let nextSequence = 1;

  function note(sequence: number, bytes: number, row: RetryRow): void {
    const dueAtMs = clock.steady() + Math.min(maxPauseMs, row.notBeforeMs - clock.now());
    entries.set(sequence, { points: row.points.length, bytes, dueAtMs, firstKeptAtMs: row.firstKeptAtMs });
    totals.points += row.points.length;
    totals.bytes += bytes;
    nextSequence = Math.max(nextSequence, sequence + 1);
  }

  function reread(): void {
    entries.clear();
    Object.assign(totals, { points: 0, bytes: 0 });
    for (const { key, value } of store.retries.getRange({ start: [sinkName, 0], end: [sinkName, Infinity] })) {
      if (isIntact(value, key)) note(key[1], value.length, JSON.parse(unsealed(value, key)) as RetryRow);
      else damaged.set(key[1], value);
      nextSequence = Math.max(nextSequence, key[1] + 1);
    }
  }

  reread();
  store.onFailure(reread);
  return {
    add(points, terms) {
      const row: RetryRow = { ...terms, points: points.map(rowOf) };
      const bytes = sealed(JSON.stringify(row), [sinkName, nextSequence]);
      store.retries.putSync([sinkName, nextSequence], bytes);
      note(nextSequence, bytes.length, row);
    },
    next() {
      const [sequence] = [...entries].find(([one, { dueAtMs }]) => !taken.has(one) && dueAtMs <= clock.steady()) ?? [];
      const value = sequence === undefined ? undefined : store.retries.get([sinkName, sequence]);
      if (sequence === undefined || value === undefined) return undefined;
      const row = JSON.parse(unsealed(value, [sinkName, sequence])) as RetryRow;
      taken.add(sequence);
      return { sequence, points: row.points.map(pointOf), attempts: row.attempts, firstKeptAtMs: row.firstKeptAtMs };
    },
    remove({ sequence }) {
      store.retries.removeSync([sinkName, sequence]);
      const entry = entries.get(sequence);
      totals.points -= entry?.points ?? 0;
      totals.bytes -= entry?.bytes ?? 0;
      entries.delete(sequence);
      damaged.delete(sequence);
    },
    clear() {
      for (const sequence of [...entries.keys(), ...damaged.keys()]) store.retries.removeSync([sinkName, sequence]);
      for (const each of [entries, damaged]) each.clear();
      Object.assign(totals, { points: 0, bytes: 0 });
    },
    ...seen({ entries, taken, damaged, totals }),
  };
}

/** What is held in memory of a retry set. */
interface Held {
  readonly entries: ReadonlyMap<number, Entry>;
  readonly taken: ReadonlySet<number>;
  readonly damaged: ReadonlyMap<number, Buffer>;
  readonly totals: { readonly points: number; readonly bytes: number };
}

function seen({ entries, taken, damaged, totals }: Held): Omit<Retries, 'add' | 'next' | 'remove' | 'clear'> {
  return {
    has: ({ sequence }) => entries.has(sequence),
    damaged: () => [...damaged].map(([sequence, raw]) => ({ sequence, raw })),
    nextDueAtMs: () => least([...entries].filter(([sequence]) => !taken.has(sequence)).map(([, { dueAtMs }]) => dueAtMs)),
    points: () => totals.points,
    bytes: () => totals.bytes,
    oldestAtMs: () => least([...entries.values()].map(({ firstKeptAtMs }) => firstKeptAtMs)),
  };
}

function least(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.min(a, b));
}
