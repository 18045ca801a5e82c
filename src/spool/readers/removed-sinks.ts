// Sinks that are no longer configured. The backlog of a removed sink is held for a week, for a sink that returns.

import type { Store } from '../store.ts';
import { backlogs } from './backlog.ts';
import { finish, type Position } from './position.ts';

const weekMs = 7 * 86_400_000;

export interface RemovedSink {
  readonly name: string;
  /** Its backlog. */
  readonly points: number;
}

/** Gives a sink a position. A new sink starts at the end of the log, one that comes back where it was. */
export async function addSink(store: Store, sinkName: string): Promise<void> {
  const known = store.state.positions.get(sinkName);
  if (known !== undefined && known.gone === undefined) return;
  const { records, points, bytes } = store.totals();
  const position = known === undefined ? { through: records, finished: [], points, bytes } : comeBack(store, known);
  await store.commit({ positions: { [sinkName]: position } });
}

/** Skips what was appended while the sink was removed. */
function comeBack(store: Store, { gone, ...position }: Position): Position {
  const { records, points, bytes } = store.totals();
  if (gone === undefined || records <= gone.through) return position;
  return finish(position, [gone.through + 1, records, points - gone.points, bytes - gone.bytes]);
}

/** Marks sinks without a reader as removed, and returns those with a backlog. */
export async function markRemovedSinks(store: Store, readers: ReadonlySet<string>): Promise<RemovedSink[]> {
  const { records, points, bytes } = store.totals();
  const gone = { sinceMs: store.clock.now(), through: records, points, bytes };
  const removed = removedSinks(store, readers);
  const marked = removed
    .filter(([, position]) => position.gone === undefined)
    .map(([name, position]) => [name, { ...position, gone }] as const);
  if (marked.length > 0) await store.commit({ positions: Object.fromEntries(marked) });
  return withBacklog(store, removed);
}

/** Forgets sinks that were removed a week ago, and returns those with a backlog. */
export async function forgetRemovedSinks(store: Store, readers: ReadonlySet<string>): Promise<RemovedSink[]> {
  const overdue = removedSinks(store, readers).filter(
    ([, { gone }]) => gone !== undefined && store.clock.now() - gone.sinceMs > weekMs,
  );
  if (overdue.length === 0) return [];
  const forgotten = withBacklog(store, overdue);
  await store.commit({ positions: Object.fromEntries(overdue.map(([name]) => [name, null])) });
  return forgotten;
}

function removedSinks({ state }: Store, readers: ReadonlySet<string>): [name: string, position: Position][] {
  return [...state.positions].filter(([name]) => !readers.has(name));
}

function withBacklog(store: Store, sinks: readonly (readonly [name: string, position: Position])[]): RemovedSink[] {
  const backlogOf = backlogs(store);
  return sinks.map(([name]) => ({ name, points: backlogOf(name).points })).filter(({ points }) => points > 0);
}
