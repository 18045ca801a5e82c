// The positions of sinks that are not configured any more: what waited for a sink when it went is held for a week, in case it comes back.
// What comes later is not held for it.

import { backlogs } from './backlog.ts';
import { finish, type Position } from './position.ts';
import type { Store } from '../store.ts';

const weekMs = 7 * 86_400_000;

/** A sink that is gone, and how many points wait for it. */
export interface RemovedSink {
  readonly name: string;
  readonly points: number;
}

/** Marks the sinks that have a position and no reader as gone, and returns those for which something waits. */
export async function markRemovedSinks(store: Store, readers: ReadonlySet<string>): Promise<RemovedSink[]> {
  const { records, points, bytes } = store.totals();
  const gone = { sinceMs: store.clock.now(), through: records, points, bytes };
  const without = goneSinks(store, readers);
  const marked = without
    .filter(([, position]) => position.gone === undefined)
    .map(([name, position]) => [name, { ...position, gone }]);
  if (marked.length > 0) await store.commit({ positions: Object.fromEntries(marked) as Record<string, Position> });
  return waitedFor(store, without);
}

/** Forgets sinks that have been gone for a week, and returns those for which something waited. */
export async function forgetRemovedSinks(store: Store, readers: ReadonlySet<string>): Promise<RemovedSink[]> {
  const overdue = goneSinks(store, readers).filter(
    ([, { gone }]) => gone !== undefined && store.clock.now() - gone.sinceMs > weekMs,
  );
  if (overdue.length === 0) return [];
  const forgotten = waitedFor(store, overdue);
  await store.commit({ positions: Object.fromEntries(overdue.map(([name]) => [name, null])) });
  return forgotten;
}

/** The position of a sink that has come back, which goes on where it was: what came meanwhile is nothing to it. */
export function comeBack(store: Store, { gone, ...position }: Position): Position {
  if (gone === undefined) return position;
  const { records, points, bytes } = store.totals();
  if (records <= gone.through) return position;
  return finish(position, [gone.through + 1, records, points - gone.points, bytes - gone.bytes]);
}

function goneSinks({ state }: Store, readers: ReadonlySet<string>): [name: string, position: Position][] {
  return [...state.positions].filter(([name]) => !readers.has(name));
}

function waitedFor(store: Store, sinks: readonly (readonly [name: string, position: Position])[]): RemovedSink[] {
  const backlogOf = backlogs(store);
  return sinks.map(([name]) => ({ name, points: backlogOf(name).points })).filter(({ points }) => points > 0);
}
