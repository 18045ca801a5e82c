// Drops the backlog of a sink: moves its position to the end of the log and clears its retry set.

import type { Store } from '../store.ts';
import { backlogs } from './backlog.ts';

export interface DroppedPoints {
  readonly points: number;
  readonly bytes: number;
}

class NoSuchSink extends Error {
  override readonly name = 'NoSuchSink';
  readonly exitCode = 1;
  readonly status = 404;
  readonly expose = true;
}

/**
 * Drops the backlog in one frame. Points in flight may still arrive. A sink that is not configured is forgotten.
 *
 * @param readers - the configured sinks; empty if no bridge runs
 * @throws NoSuchSink
 */
export async function dropBacklog(
  store: Store,
  readers: ReadonlySet<string>,
  sinkName: string,
): Promise<DroppedPoints> {
  const { positions } = store.state;
  const position = positions.get(sinkName);
  if (position === undefined) {
    const known = [...positions.keys()].join(', ');
    throw new NoSuchSink(
      `no sink of the name ${JSON.stringify(sinkName)} has a position in the spool; ${known === '' ? 'none has' : `there is ${known}`}`,
    );
  }
  const { points, bytes } = backlogs(store)(sinkName);
  const isForgotten = position.gone !== undefined || (readers.size > 0 && !readers.has(sinkName));
  const { records, ...totals } = store.totals();
  await store.commit(
    isForgotten
      ? { positions: { [sinkName]: null } }
      : { positions: { [sinkName]: { through: records, finished: [], ...totals } }, emptied: [sinkName] },
  );
  await store.checkpointer.write();
  return { points, bytes };
}
