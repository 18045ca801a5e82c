// A read replica of the store in another thread: it reads the log by itself, up to the shared durable end.

import type { Clock } from '../../runtime/clock.ts';
import { groupTable } from '../log/group-table.ts';
import type { DurableEnd } from '../log/segment-log.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import type { ReadableStore } from '../readers/batches.ts';
import { type FinishedRange, finishRest, type Position } from '../readers/position.ts';
import { ChangeReader } from '../state/change-reader.ts';
import type { RetryEntry } from '../state/state.ts';
import { type SharedDurableEnd, sharedDurableEnd } from './durable-end.ts';
import type { SharedRetry, StoreDelta, StoreSnapshot } from './replica-updates.ts';

export interface StoreReplica extends ReadableStore {
  readonly end: SharedDurableEnd;
  put(delta: StoreDelta): void;
  /** Finishes a range locally. The owner gets it in a message. */
  finished(sink: string, range: FinishedRange): void;
}

export function storeReplica(
  { directory, end: memory, ...snapshot }: StoreSnapshot,
  clock: Pick<Clock, 'now' | 'steady'>,
): StoreReplica {
  const end = sharedDurableEnd(memory);
  let segments = snapshot.segments.map((segment) => ({ ...segment }));
  const positions = new Map(snapshot.positions);
  const entryOf = ({ dueInMs, ...entry }: SharedRetry): RetryEntry => ({ ...entry, dueAtMs: clock.steady() + dueInMs });
  const retries = new Map(
    snapshot.retries.map(([sink, entries]) => [
      sink,
      new Map(entries.map(([sequence, entry]) => [sequence, entryOf(entry)])),
    ]),
  );
  const groups = groupTable(directory);

  /** Ends with the last known segment. The shared end may be in a later one, whose delta is still on its way. */
  function durableEnd(): DurableEnd {
    const last = segments.at(-1);
    const found = end.read();
    if (last === undefined) return { segment: 0, at: 0, totals: found.totals };
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
    groups,
    changes: new ChangeReader(directory, current, groups),
    totals: () => durableEnd().totals,
    durableEnd,
    end,
    put(delta) {
      if (delta.segments !== undefined) segments = delta.segments.map((segment) => ({ ...segment }));
      for (const [sink, position] of Object.entries(delta.positions ?? {})) movePosition(positions, sink, position);
      for (const sink of delta.emptied ?? []) retries.get(sink)?.clear();
      for (const [sink, sequence] of delta.noRetries ?? []) retries.get(sink)?.delete(sequence);
      for (const [sink, sequence, entry] of delta.kept ?? [])
        retries.set(sink, (retries.get(sink) ?? new Map<number, RetryEntry>()).set(sequence, entryOf(entry)));
    },
    finished(sink, range) {
      const position = positions.get(sink);
      if (position !== undefined) positions.set(sink, finishRest(position, range));
    },
  };
}

/** Applies a position of the owner. Ranges that it has not received yet stay finished. */
function movePosition(positions: Map<string, Position>, sink: string, position: Position | null): void {
  if (position === null) return void positions.delete(sink);
  const known = positions.get(sink);
  if (known !== undefined && known.through >= position.through) return;
  positions.set(sink, (known?.finished ?? []).reduce(finishRest, position));
}
