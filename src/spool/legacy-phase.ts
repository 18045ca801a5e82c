// The phases of the legacy store. The log stores a phase as `former` of a change.
//
//   none ──► carrying ──► carried ──► drained ──► over       drained: the file is to be removed; over: it is removed
//                 └───────────┴─────► aside ──────┘          aside: the file cannot be read, and is to be renamed
//
// Changes between `begun` and `carried` count only once `carried` is durable. A start that finds no `carried` begins
// again, with a `begun` that empties the state. Records are never copied: they keep their numbers, and those of the log
// follow them. A downgrade is possible while the store exists, or if the spool is empty.

import type { Totals } from './log/format.ts';
import { finishThrough, type Position } from './readers/position.ts';

export interface LegacyState {
  readonly phase: 'none' | 'carrying' | 'carried' | 'drained' | 'aside' | 'over';
  /** The totals of that store; its last record has the number `records`. */
  readonly end: Totals;
}

export interface LegacyChange extends Pick<LegacyState, 'end'> {
  /** `begun` discards what was carried over so far. */
  readonly phase: 'begun' | Exclude<LegacyState['phase'], 'none'>;
}

export const noLegacyStore: LegacyState = { phase: 'none', end: { records: 0, points: 0, bytes: 0 } };

/** Reports whether sinks may still need records of the store. */
export function isAttached({ phase }: LegacyState): boolean {
  return phase === 'carrying' || phase === 'carried';
}

export function legacyStateAfter({ phase, end }: LegacyChange): LegacyState {
  return { phase: phase === 'begun' ? 'carrying' : phase, end };
}

/** Returns the totals of the last record that a sink needs. For a removed sink that may be before the end. */
function lastFor(end: Totals, { gone }: Position): Totals {
  return gone === undefined || gone.through >= end.records
    ? end
    : { records: gone.through, points: gone.points, bytes: gone.bytes };
}

/** Reports whether a sink has finished every record of the store that it needs. */
export function hasPassed(position: Position, end: Totals): boolean {
  return position.through >= lastFor(end, position).records;
}

/** Returns the position of a sink that has finished the whole store. */
export function passedBy(position: Position, end: Totals): Position {
  const last = lastFor(end, position);
  return finishThrough(position, last.records, last);
}

/** Returns what sinks still need of the store, counting a record once for all sinks. */
export function unfinishedIn(
  positions: Iterable<Position>,
  end: Totals,
): { readonly records: number; readonly points: number } {
  const unfinished = { records: 0, points: 0 };
  for (const position of positions) {
    if (hasPassed(position, end)) continue;
    const last = lastFor(end, position);
    const above = position.finished.reduce(
      (sum, [from, through]) => sum + Math.max(0, Math.min(through, last.records) - from + 1),
      0,
    );
    unfinished.records = Math.max(unfinished.records, last.records - position.through - above);
    unfinished.points = Math.max(unfinished.points, passedBy(position, end).points - position.points);
  }
  return unfinished;
}
