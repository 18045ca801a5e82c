// A sink whose writes a test answers.

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
  /** Resolves with the next write of the outlet, in order. */
  written(): Promise<PlayedWrite>;
  /** Writes that `written` has not returned yet. */
  unread(): number;
}

export interface PlayedSinkOptions {
  readonly batchPoints?: number;
  /** Receives the batches of `writeBatch`; without it the sink has no `writeBatch`. */
  readonly batches?: SinkBatch[];
}

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
