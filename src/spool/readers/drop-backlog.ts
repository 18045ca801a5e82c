// Throws away what waits for a sink: its position goes to the end of the spool, and its retry set is emptied.

import { backlogs } from './backlog.ts';
import type { Store } from '../store.ts';

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
 * @param readers - the sinks that are read for; none where no bridge runs
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
  await store.checkpoints.write();
  return { points, bytes };
}
