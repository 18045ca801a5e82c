// A sink that a test plays: every write waits until the test says how it ends.

import type { DataPoint } from '../../src/model/point.ts';
import { allAccepted, type Sink, type SinkBatch, type Verdict } from '../../src/model/sink.ts';

export interface PlayedWrite {
  readonly points: readonly DataPoint[];
  readonly signal: AbortSignal;
  accept(): void;
  rule(verdict: Partial<Verdict>): void;
  fail(message: string, retryAfterMs?: number): void;
}

export interface PlayedSink extends Sink {
  /** The next write that the outlet has made, in order; resolves when there is one. */
  written(): Promise<PlayedWrite>;
  /** Writes that have not been asked for yet. */
  unread(): number;
}

export interface PlayedSinkOptions {
  readonly batchPoints?: number;
  /** Where it puts the batches that it is given; left out: it takes points alone. */
  readonly batches?: SinkBatch[];
}

/** A sink whose writes are ended by the test. */
export function playedSink({ batchPoints = 2, batches }: PlayedSinkOptions = {}): PlayedSink {
  const writes: PlayedWrite[] = [];
  let wake: (() => void) | undefined;
  const write: Sink['write'] = (points, { signal }) =>
    new Promise<Verdict>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      writes.push({
        points,
        signal,
        accept: () => resolve(allAccepted),
        rule: (verdict) => resolve({ ...allAccepted, ...verdict }),
        fail: (message, retryAfterMs) => reject(Object.assign(new Error(message), { retryAfterMs })),
      });
      wake?.();
    });
  return {
    name: 'played',
    batchPoints: () => batchPoints,
    write,
    ...(batches !== undefined && {
      writeBatch: (batch, options) => {
        batches.push(batch);
        return write([], options);
      },
    }),
    close: async () => {},
    async written() {
      while (writes.length === 0) await new Promise<void>((resolve) => void (wake = resolve));
      return writes.shift() as PlayedWrite;
    },
    unread: () => writes.length,
  };
}
