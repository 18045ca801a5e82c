// Puts a batch in one request. Its points are made when the answer says anything but that all were taken, and not before.

import { gzipSync } from 'node:zlib';
import type { SinkBatch } from '../../../model/sink.ts';
import { NoVerdict } from '../no-verdict.ts';
import { isWhollyTaken, type PutAnswer, readPutAnswer } from './put-answer.ts';
import { postPut, type PutOptions, type PutBefore } from './put.ts';

/** A batch and its text, as batch-text.ts makes it. */
export interface WholeBatch {
  readonly batch: Pick<SinkBatch, 'points' | 'pointCount'>;
  readonly text: Buffer;
}

/**
 * What has come of it; nothing was asked where the body is too large.
 *
 * @throws the error of a request that cannot have been too large
 */
export async function putBatch(
  options: PutOptions,
  { batch, text }: WholeBatch,
  signal: AbortSignal,
): Promise<PutBefore> {
  const { size, hosts, bounds, clock } = options;
  const body = compressed(text);
  size.compressed(body.length, batch.pointCount);
  if (body.length > size.maxBytes()) return { body };
  const stop = { throwIfAborted: () => bounds.throwIfOver(signal) };
  try {
    const answer = await hosts.ask<PutAnswer>(async (host) => {
      const told = await postPut(options, signal, host, body);
      return isWhollyTaken(told, batch.pointCount)
        ? { kind: 'ruled', failed: [] }
        : readPutAnswer(told, batch.points, clock.now());
    }, stop);
    return { body, answer };
  } catch (error) {
    if (error instanceof NoVerdict && error.isClosed) return { body, error };
    throw error;
  }
}

/** Room for a body of the usual bound: zlib's own default is eight times as much, which is laid out and thrown away each time. */
const chunkBytes = 16_384;

/**
 * Compresses in this thread: who writes batches has a thread for it, which can do nothing better meanwhile, and another thread would
 * do the same work and be waited for.
 */
function compressed(text: Buffer): Buffer {
  return gzipSync(text, { level: 1, chunkSize: chunkBytes });
}
