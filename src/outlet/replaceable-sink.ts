// A sink that a reload can replace while points are written. The previous sink finishes its writes in flight.

import type { AnnotationCounts, Sink, Verdict } from '../model/sink.ts';

export interface ReplaceableSink extends Sink {
  /** Sends later writes to `next`; the previous sink is closed after its last answer. */
  replace(next: Sink): void;
}

/** @param first - its name is kept, since the spool keeps a position under it */
export function replaceableSink(first: Sink): ReplaceableSink {
  /** Writes in flight of each sink that is open. */
  const inFlight = new Map<Sink, number>([[first, 0]]);
  let current = first;
  let ofClosed: AnnotationCounts = { written: 0, skipped: 0 };

  async function closeIfDone(sink: Sink): Promise<void> {
    if (sink === current || (inFlight.get(sink) ?? 0) > 0) return;
    inFlight.delete(sink);
    ofClosed = sumOf([ofClosed, sink.annotations?.()]);
    await sink.close();
  }

  async function counted(write: (sink: Sink) => Promise<Verdict>): Promise<Verdict> {
    const sink = current;
    inFlight.set(sink, (inFlight.get(sink) ?? 0) + 1);
    try {
      return await write(sink);
    } finally {
      inFlight.set(sink, (inFlight.get(sink) ?? 1) - 1);
      await closeIfDone(sink);
    }
  }

  return {
    name: first.name,
    batchPoints: () => current.batchPoints(),
    write: (points, options) => counted((sink) => sink.write(points, options)),
    writeBatch: (batch, options) =>
      counted((sink) => sink.writeBatch?.(batch, options) ?? sink.write(batch.points, options)),
    replace(next) {
      if (next.name !== first.name) throw new Error(`sink: expected another ${first.name}, found ${next.name}`);
      const previous = current;
      current = next;
      inFlight.set(next, 0);
      void closeIfDone(previous);
    },
    ...(first.annotations && {
      annotations: () => sumOf([ofClosed, ...[...inFlight.keys()].map((sink) => sink.annotations?.())]),
    }),
    async close() {
      await Promise.all([...inFlight.keys()].map((sink) => sink.close()));
    },
  };
}

function sumOf(counts: readonly (AnnotationCounts | undefined)[]): AnnotationCounts {
  const sum = { written: 0, skipped: 0 };
  for (const { written, skipped } of counts.filter((each) => each !== undefined)) {
    sum.written += written;
    sum.skipped += skipped;
  }
  return sum;
}
