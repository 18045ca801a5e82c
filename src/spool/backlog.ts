// How much waits for a sink, and since when.

import { nextUnfinished, type Position } from './position.ts';
import { decodeRecord } from './record.ts';
import { retriesOf, type SpoolState } from './state.ts';

export interface Backlog {
  /** Those in the retry set included. */
  readonly points: number;
  readonly bytes: number;
  /** When the oldest point that is not ruled on was appended or first kept, ms since 1970 UTC; undefined when nothing waits. */
  readonly oldestAtMs: number | undefined;
}

/** What waits for a sink that has a position; for one that is gone, what waited for it then. */
export function backlogOf(state: SpoolState, sinkName: string): Backlog {
  const position = state.positions.get(sinkName) as Position;
  const retries = retriesOf(state, sinkName);
  const { points, bytes } = position.gone ?? state.head.totals;
  const ages = [oldestAtMs(state, position), retries.oldestAtMs()].filter((age) => age !== undefined);
  return {
    points: points - position.points + retries.points(),
    bytes: bytes - position.bytes + retries.bytes(),
    oldestAtMs: ages.length === 0 ? undefined : Math.min(...ages),
  };
}

function oldestAtMs({ store }: SpoolState, position: Position): number | undefined {
  const { from } = nextUnfinished(position, 0);
  const end = position.gone === undefined ? {} : { end: position.gone.through + 1 };
  for (const { key, value } of store.records.getRange({ start: from, ...end, limit: 1 })) {
    try {
      return decodeRecord(key, value).appendedAtMs;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
