// The positions of sinks that are not configured any more: what waited for a sink when it went is held for a week, in case
// it comes back. What comes later is not held for it.

import { backlogOf } from './backlog.ts';
import { deleteFinished } from './finished-records.ts';
import { finish, type Position } from './position.ts';
import { retriesOf, setPosition, type SpoolState } from './state.ts';

const weekMs = 7 * 86_400_000;

/** A sink that is gone, and how many points wait for it. */
export interface GoneSink {
  readonly name: string;
  readonly points: number;
}

/** Marks the sinks that have a position and no reader as gone, and returns those for which something waits. */
export async function markGoneSinks(state: SpoolState): Promise<GoneSink[]> {
  const { head, clock, store } = state;
  const sinks = goneSinks(state);
  if (sinks.some(([, { gone }]) => gone === undefined)) {
    await store.write(() => {
      for (const [name, position] of goneSinks(state)) {
        const gone = position.gone ?? { sinceMs: clock.now(), through: head.sequence, ...head.totals };
        setPosition(state, name, { ...position, gone });
      }
    });
  }
  return waitedFor(state, goneSinks(state));
}

/** Forgets sinks that have been gone for a week, and returns those for which something waited. */
export async function forgetGoneSinks(state: SpoolState): Promise<GoneSink[]> {
  const { store, clock } = state;
  const overdue = goneSinks(state).filter(([, { gone }]) => gone !== undefined && clock.now() - gone.sinceMs > weekMs);
  if (overdue.length === 0) return [];
  const forgotten = waitedFor(state, overdue);
  await store.write(() => {
    for (const [name, position] of overdue) forget(state, name, position);
    deleteFinished(state);
  });
  return forgotten;
}

/** To be called inside a transaction: what waits for a sink waits no longer, and neither does its retry set. */
export function forget(state: SpoolState, name: string, position: Position): void {
  const { store, positions, retries } = state;
  retriesOf(state, name).clear();
  retries.delete(name);
  positions.delete(name);
  store.positions.removeSync(name);
  lookAgain(state, position);
}

/** To be called inside a transaction: the position of a sink that has come back, which goes on where it was. */
export function comeBack(state: SpoolState, { gone, ...position }: Position): Position {
  if (gone === undefined) return position;
  lookAgain(state, position);
  const { sequence, totals } = state.head;
  const meanwhile = { points: totals.points - gone.points, bytes: totals.bytes - gone.bytes };
  return sequence > gone.through ? finish(position, [gone.through + 1, sequence], meanwhile) : position;
}

/**
 * To be called inside a transaction: the position of a sink that is gone, as it is when nothing that was appended since is
 * held for it; of one that is not known, nothing at all.
 */
export function goneAtHead({ positions, head }: SpoolState, name: string, sinceMs: number): Position & Required<Pick<Position, 'gone'>> {
  const end = { through: head.sequence, ...head.totals };
  const { gone = { sinceMs, ...end }, ...position } = positions.get(name) ?? { finished: [], ...end };
  const meanwhile = { points: end.points - gone.points, bytes: end.bytes - gone.bytes };
  const moved = end.through > gone.through ? finish(position, [gone.through + 1, end.through], meanwhile) : position;
  return { ...moved, gone: { sinceMs: gone.sinceMs, ...end } };
}

/** What was held has to be looked at when records are deleted next. */
function lookAgain(state: SpoolState, { through }: Pick<Position, 'through'>): void {
  state.deletedThrough = Math.min(state.deletedThrough, through);
}

/** Those without a reader. */
function goneSinks({ positions, taken }: SpoolState): [name: string, position: Position][] {
  return [...positions].filter(([name]) => !taken.has(name));
}

function waitedFor(state: SpoolState, sinks: readonly (readonly [name: string, position: Position])[]): GoneSink[] {
  return sinks.map(([name]) => ({ name, points: backlogOf(state, name).points })).filter(({ points }) => points > 0);
}
