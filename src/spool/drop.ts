// Throws away what waits for a sink: its position goes to the end of the spool, and its retry set is emptied.

import { backlogOf } from './backlog.ts';
import { deleteFinished } from './finished-records.ts';
import { forget } from './gone-sinks.ts';
import type { Position } from './position.ts';
import { retriesOf, setPosition, type SpoolState } from './state.ts';

export interface DroppedPoints {
  readonly points: number;
  readonly bytes: number;
}

/** A sink that nothing is kept for. */
export class NoSuchSink extends Error {
  override readonly name = 'NoSuchSink';
  readonly exitCode = 1;
  readonly status = 404;
  readonly expose = true;
}

/**
 * Drops what waits for a sink, in one step; what is in flight to it may still arrive. The position of a sink that is not
 * configured any more goes as well.
 *
 * @throws NoSuchSink
 */
export async function dropWaiting(state: SpoolState, sinkName: string): Promise<DroppedPoints> {
  const { store, positions, taken, head } = state;
  if (!positions.has(sinkName)) {
    const known = [...positions.keys()].join(', ');
    throw new NoSuchSink(`no sink of the name ${JSON.stringify(sinkName)} has a position in the spool; ${known === '' ? 'none has' : `there is ${known}`}`);
  }
  const takenBefore = taken.get(sinkName);
  const isForgotten = positions.get(sinkName)?.gone !== undefined || (taken.size > 0 && takenBefore === undefined);
  const drop = (): DroppedPoints => {
    const { points, bytes } = backlogOf(state, sinkName);
    if (isForgotten) {
      forget(state, sinkName, positions.get(sinkName) as Position);
      return { points, bytes };
    }
    const atHead: Position = { through: head.sequence, finished: [], ...head.totals };
    retriesOf(state, sinkName).clear();
    setPosition(state, sinkName, atHead);
    if (takenBefore !== undefined) taken.set(sinkName, atHead);
    return { points, bytes };
  };
  const dropped = await store.write(drop).catch((error: unknown) => {
    if (takenBefore !== undefined) taken.set(sinkName, takenBefore);
    throw error;
  });
  while (await store.write(() => deleteFinished(state)));
  return dropped;
}
