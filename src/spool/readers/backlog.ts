// Counts the backlog of a sink.

import type { LegacyPart } from '../legacy/legacy-part.ts';
import type { Totals } from '../log/format.ts';
import { type GroupTable, lastGroupWhere } from '../log/group-table.ts';
import { type SegmentEntry, segmentOfRecord } from '../log/segment-table.ts';
import type { SpoolState } from '../state/state.ts';
import { nextUnfinished, type Position } from './position.ts';

/** Includes the retry set. */
export interface Backlog {
  readonly points: number;
  readonly bytes: number;
  /** When the oldest point was appended or first kept, ms since 1970 UTC. */
  readonly oldestAtMs: number | undefined;
}

interface CountedStore {
  readonly state: Pick<SpoolState, 'positions' | 'retries'>;
  readonly groups: GroupTable;
  segments(): readonly SegmentEntry[];
  totals(): Totals;
  durableEnd(): { readonly totals: Totals };
  readonly legacy?: Pick<LegacyPart, 'end' | 'isAttached' | 'appendedAtMs'> | undefined;
}

/** Returns a counter for sinks with a position. The backlog of a removed sink ends where it was removed. */
export function backlogs(store: CountedStore): (sinkName: string) => Backlog {
  /** The group of the last lookup, by its records. */
  let last = { from: 1, through: 0, atMs: 0 };

  function appendedAtMs(record: number): number | undefined {
    const legacy = store.legacy;
    if (legacy?.isAttached() === true && record <= legacy.end.records) return legacy.appendedAtMs;
    if (record >= last.from && record <= last.through) return last.atMs;
    const segment = segmentOfRecord(store.segments(), record);
    if (segment === undefined) return undefined;
    const groups = store.groups.of(segment);
    const at = lastGroupWhere(groups, ({ before }) => before.records < record);
    const group = groups[at];
    if (group === undefined) return undefined;
    const through = (groups[at + 1]?.before ?? segment.through).records;
    last = { from: group.before.records + 1, through, atMs: group.atMs };
    return last.atMs;
  }

  function oldestAtMs(position: Position): number | undefined {
    const { from } = nextUnfinished(position, 0);
    return from > (position.gone?.through ?? store.durableEnd().totals.records) ? undefined : appendedAtMs(from);
  }

  return (sinkName) => {
    const { positions, retries } = store.state;
    const position = positions.get(sinkName) as Position;
    const end = position.gone ?? store.totals();
    let points = Math.max(0, end.points - position.points);
    let bytes = Math.max(0, end.bytes - position.bytes);
    let oldest = oldestAtMs(position) ?? Infinity;
    for (const entry of retries.get(sinkName)?.values() ?? []) {
      points += entry.points;
      bytes += entry.bytes;
      oldest = Math.min(oldest, entry.firstKeptAtMs);
    }
    return { points, bytes, oldestAtMs: oldest === Infinity ? undefined : oldest };
  };
}
