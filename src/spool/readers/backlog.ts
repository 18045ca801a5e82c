// What waits for a sink, counted.

import { lastWhere } from '../log/group-places.ts';
import { type SegmentEntry, segmentOf } from '../log/segment-table.ts';
import { nextUnfinished, type Position } from './position.ts';
import type { LegacyPart } from '../legacy/legacy-part.ts';
import type { SpoolState } from '../state/state.ts';
import type { GroupPlaces } from '../log/group-places.ts';
import type { Totals } from '../log/format.ts';

export interface Backlog {
  /** Points that are not ruled on, those in the retry set included. */
  readonly points: number;
  readonly bytes: number;
  /** When the oldest point that is not ruled on was appended or first kept, ms since 1970 UTC; undefined when nothing waits. */
  readonly oldestAtMs: number | undefined;
}

/** What is asked to count it. */
export interface CountedStore {
  readonly state: Pick<SpoolState, 'positions' | 'retries'>;
  readonly segments: () => readonly SegmentEntry[];
  readonly index: GroupPlaces;
  totals(): Totals;
  durableEnd(): { readonly totals: Totals };
  former?(): Pick<LegacyPart, 'end' | 'isAttached' | 'appendedAtMs'> | undefined;
}

/** What waits for a sink that has a position; for one that is gone, what waited for it then. */
export function backlogs(store: CountedStore): (sinkName: string) => Backlog {
  /** The group that was looked for last, by its records. */
  let last = { from: 1, through: 0, atMs: 0 };

  function appendedAtMs(record: number): number | undefined {
    const former = store.former?.();
    if (former?.isAttached() === true && record <= former.end.records) return former.appendedAtMs;
    if (record >= last.from && record <= last.through) return last.atMs;
    const segment = segmentOf(store.segments(), record);
    if (segment === undefined) return undefined;
    const groups = store.index.of(segment);
    const at = lastWhere(groups, ({ before }) => before.records < record);
    const group = groups[at];
    if (group === undefined) return undefined;
    last = {
      from: group.before.records + 1,
      through: (groups[at + 1]?.before ?? segment.through).records,
      atMs: group.atMs,
    };
    return last.atMs;
  }

  function oldestAtMs(position: Position): number | undefined {
    const { from } = nextUnfinished(position, 0);
    return from > (position.gone?.through ?? store.durableEnd().totals.records) ? undefined : appendedAtMs(from);
  }

  return (sinkName) => {
    const { positions, retries } = store.state;
    const position = positions.get(sinkName) as Position;
    const { points, bytes } = position.gone ?? store.totals();
    const kept = { points: 0, bytes: 0, oldestAtMs: Infinity };
    for (const entry of retries.get(sinkName)?.values() ?? []) {
      kept.points += entry.points;
      kept.bytes += entry.bytes;
      kept.oldestAtMs = Math.min(kept.oldestAtMs, entry.firstKeptAtMs);
    }
    const oldest = Math.min(oldestAtMs(position) ?? Infinity, kept.oldestAtMs);
    return {
      points: Math.max(0, points - position.points) + kept.points,
      bytes: Math.max(0, bytes - position.bytes) + kept.bytes,
      oldestAtMs: oldest === Infinity ? undefined : oldest,
    };
  };
}
