// The positions of sinks that are not configured any more: they hold what waits for them for a week, in case the sink
// comes back, but never so much that the bound is reached because of them.

import type { Position } from './position.ts';
import { deleteFinished, type SpoolState } from './state.ts';

const weekMs = 7 * 86_400_000;

/** A sink that is gone, and how many points wait for it. */
export interface GoneSink {
  readonly name: string;
  readonly points: number;
}

/** Marks the sinks that have a position and no reader as gone, and returns them. */
export async function markGoneSinks(state: SpoolState): Promise<GoneSink[]> {
  const gone = goneSinks(state);
  if (gone.length === 0) return [];
  return state.store.write(() => {
    for (const [name, position] of gone) put(state, name, { ...position, goneSinceMs: position.goneSinceMs ?? state.clock.now() });
    return gone.map(([name, { points }]) => ({ name, points: state.head.totals.points - points }));
  });
}

/** Forgets sinks that have been gone for a week. */
export async function forgetGoneSinks(state: SpoolState): Promise<void> {
  const overdue = goneSinks(state).filter(([, { goneSinceMs }]) => state.clock.now() - (goneSinceMs ?? Infinity) > weekMs);
  if (overdue.length > 0) await state.store.write(() => drop(state, overdue));
}

/** To be called inside a transaction, when the bound is reached: forgets all sinks that are gone. Whether there were any. */
export function makeRoomOfGoneSinks(state: SpoolState): boolean {
  const gone = goneSinks(state);
  drop(state, gone);
  return gone.length > 0;
}

function goneSinks({ positions, retries }: SpoolState): [name: string, position: Position][] {
  return [...positions].filter(([name]) => !retries.has(name));
}

function put({ store, positions }: SpoolState, name: string, position: Position): void {
  positions.set(name, position);
  store.positions.putSync(name, position);
}

function drop(state: SpoolState, sinks: readonly (readonly [name: string, position: Position])[]): void {
  for (const [name, { points }] of sinks) {
    state.positions.delete(name);
    state.store.positions.removeSync(name);
    state.dropped({ name, points: state.head.totals.points - points });
  }
  deleteFinished(state);
}
