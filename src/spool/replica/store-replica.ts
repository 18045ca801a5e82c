// A store as a thread has it that reads the log by itself: what it is told, and how far the log is durable.

import type { Clock } from '../../runtime/clock.ts';
import type { ReadableStore } from '../readers/batches.ts';
import { content } from '../state/stored-content.ts';
import { groupPlaces } from '../log/group-places.ts';
import type { DurableEnd } from '../log/segment-log.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import { finishRest, type FinishedRange, type Position } from '../readers/position.ts';
import { type SharedDurableEnd, sharedDurableEnd } from './durable-end.ts';
import type { SharedRetry, StoreDelta, StoreSnapshot } from './replica-updates.ts';
import type { RetryEntry } from '../state/state.ts';

export interface StoreReplica extends ReadableStore {
  readonly end: SharedDurableEnd;
  put(delta: StoreDelta): void;
  /** A sink has finished a range, and the owner is told. */
  finished(sink: string, range: FinishedRange): void;
}

export function storeReplica(
  { directory, end: memory, ...snapshot }: StoreSnapshot,
  clock: Pick<Clock, 'now' | 'steady'>,
): StoreReplica {
  const end = sharedDurableEnd(memory);
  let segments = snapshot.segments.map((segment) => ({ ...segment }));
  const positions = new Map(snapshot.positions);
  const own = ({ dueInMs, ...entry }: SharedRetry): RetryEntry => ({ ...entry, dueAtMs: clock.steady() + dueInMs });
  const retries = new Map(
    snapshot.retries.map(([sink, entries]) => [
      sink,
      new Map(entries.map(([sequence, entry]) => [sequence, own(entry)])),
    ]),
  );
  const index = groupPlaces(directory);

  /** The end of the last segment; of one that was not told of yet, that of the one before it. */
  function durableEnd(): DurableEnd {
    const last = segments.at(-1);
    if (last === undefined) return { segment: 0, at: 0, totals: end.read().totals };
    const found = end.read();
    if (found.segment === last.number) [last.end, last.through] = [found.at, found.totals];
    return { segment: last.number, at: last.end, totals: last.through };
  }

  function current(): readonly SegmentEntry[] {
    durableEnd();
    return segments;
  }

  return {
    clock,
    state: { positions, retries, skipped: new Map() },
    segments: current,
    index,
    content: content({ directory, segments: current, index }),
    totals: () => durableEnd().totals,
    durableEnd,
    end,
    put(delta) {
      if (delta.segments !== undefined) segments = delta.segments.map((segment) => ({ ...segment }));
      for (const [sink, position] of Object.entries(delta.positions ?? {})) moveTo(positions, sink, position);
      for (const sink of delta.emptied ?? []) retries.get(sink)?.clear();
      for (const [sink, sequence] of delta.noRetries ?? []) retries.get(sink)?.delete(sequence);
      for (const [sink, sequence, entry] of delta.kept ?? []) {
        const entries = retries.get(sink) ?? new Map<number, RetryEntry>();
        retries.set(sink, entries.set(sequence, own(entry)));
      }
    },
    finished(sink, range) {
      const position = positions.get(sink);
      if (position !== undefined) positions.set(sink, finishRest(position, range));
    },
  };
}

/** What the owner has not been told of yet when it moved a sink stays finished. */
function moveTo(positions: Map<string, Position>, sink: string, position: Position | null): void {
  if (position === null) return void positions.delete(sink);
  const former = positions.get(sink);
  if (former !== undefined && former.through >= position.through) return;
  positions.set(sink, (former?.finished ?? []).reduce(finishRest, position));
}
