// A sink that can be exchanged for another one while points are written: those in flight are finished by the sink that has them.

import type { AnnotationCounts, Sink, Verdict } from '../model/sink.ts';

export interface ReplaceableSink extends Sink {
  /** What is written from now on goes to the next sink; the former one is closed once it has ruled on what it has. */
  replace(next: Sink): void;
}

/** @param first - its name is kept, since the spool keeps a position under it */
export function replaceableSink(first: Sink): ReplaceableSink {
  const inFlight = new Map<Sink, number>([[first, 0]]);
  let current = first;
  /** Of those that are closed. */
  let former: AnnotationCounts = { written: 0, skipped: 0 };

  async function closeIfDone(sink: Sink): Promise<void> {
    if (sink === current || (inFlight.get(sink) ?? 0) > 0) return;
    inFlight.delete(sink);
    former = sumOf([former, sink.annotations?.()]);
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
      counted((sink) =>
        sink.writeBatch === undefined ? sink.write(batch.points, options) : sink.writeBatch(batch, options),
      ),
    replace(next) {
      if (next.name !== first.name) throw new Error(`sink: expected another ${first.name}, found ${next.name}`);
      const before = current;
      current = next;
      inFlight.set(next, 0);
      void closeIfDone(before);
    },
    ...(first.annotations && {
      annotations: () => sumOf([former, ...[...inFlight.keys()].map((sink) => sink.annotations?.())]),
    }),
    async close() {
      await Promise.all([...inFlight.keys()].map((sink) => sink.close()));
    },
  };
}

function sumOf(counts: readonly (AnnotationCounts | undefined)[]): AnnotationCounts {
  const sum = (of: (one: AnnotationCounts) => number): number =>
    counts.reduce((total, one) => total + (one === undefined ? 0 : of(one)), 0);
  return { written: sum(({ written }) => written), skipped: sum(({ skipped }) => skipped) };
}
