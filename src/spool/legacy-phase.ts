// How far it is with the store of an earlier version: the log has it as `former` of a change, and the state knows it.
//
//   none ──► carrying ──► carried ──► drained ──► over       drained: its file goes; over: the file is gone
//                 └───────────┴─────► aside ──────┘          aside: it cannot be read, and its file gets another name
//
// What is appended between `begun` and `carried` counts for nothing until `carried` is durable: a start that does not find that mark begins
// anew, with a `begun` that empties the state. The records of the store are never copied: they keep their numbers, and those of the log
// come behind them. To go back to the version before this one, the store still has to be there, or the spool to be empty.

import type { Totals } from './log/format.ts';
import { finishThrough, type Position } from './readers/position.ts';

export interface LegacyState {
  readonly phase: 'none' | 'carrying' | 'carried' | 'drained' | 'aside' | 'over';
  /** What had been appended, ever, to that store: its records have the numbers up to this one's. */
  readonly end: Totals;
}

export interface LegacyChange extends Pick<LegacyState, 'end'> {
  /** `begun`: what was carried over so far is forgotten. */
  readonly phase: 'begun' | Exclude<LegacyState['phase'], 'none'>;
}

export const noLegacyStore: LegacyState = { phase: 'none', end: { records: 0, points: 0, bytes: 0 } };

/** Whether records of that store may still be waited for. */
export function isAttached({ phase }: LegacyState): boolean {
  return phase === 'carrying' || phase === 'carried';
}

/** The state after a change of it. */
export function legacyStateAfter({ phase, end }: LegacyChange): LegacyState {
  return { phase: phase === 'begun' ? 'carrying' : phase, end };
}

/** The last record of the store that a sink waits for, if it waits for it still. */
function lastFor(end: Totals, { gone }: Position): Totals {
  return gone === undefined || gone.through >= end.records
    ? end
    : { records: gone.through, points: gone.points, bytes: gone.bytes };
}

/** Whether a sink has finished every record of the store that it waits for. */
export function hasPassed(position: Position, end: Totals): boolean {
  return position.through >= lastFor(end, position).records;
}

/** The position of a sink for which nothing waits in the store any more. */
export function passedBy(position: Position, end: Totals): Position {
  const last = lastFor(end, position);
  return finishThrough(position, last.records, last);
}

/** What the sinks wait for in the store, each record once as far as positions tell. */
export function leftIn(
  positions: Iterable<Position>,
  end: Totals,
): { readonly records: number; readonly points: number } {
  const left = { records: 0, points: 0 };
  for (const position of positions) {
    if (hasPassed(position, end)) continue;
    const last = lastFor(end, position);
    const above = position.finished.reduce(
      (sum, [from, through]) => sum + Math.max(0, Math.min(through, last.records) - from + 1),
      0,
    );
    const moved = passedBy(position, end);
    left.records = Math.max(left.records, last.records - position.through - above);
    left.points = Math.max(left.points, moved.points - position.points);
  }
  return left;
}
