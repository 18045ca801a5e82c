// Puts a batch in one request. The batch expands its points only when the answer does not accept all of them.

import { gzipSync } from 'node:zlib';
import type { SinkBatch } from '../../../model/sink.ts';
import { NoVerdict } from '../../no-verdict.ts';
import { acceptsAll, type PutAnswer, readPutAnswer } from './put-answer.ts';
import { postPut, type PutContext, type FirstRequest } from './put.ts';

/**
 * Sends nothing when the body is too large.
 *
 * @param text - the batch as batch-text.ts renders it
 * @throws the error of a request, except of one that may have been too large
 */
export async function putBatch(
  context: PutContext,
  batch: Pick<SinkBatch, 'points' | 'pointCount'>,
  text: Buffer,
  signal: AbortSignal,
): Promise<FirstRequest> {
  const { size, hosts, cancellation, clock } = context;
  const body = compress(text);
  size.recordCompressed(body.length, batch.pointCount);
  if (body.length > size.maxBytes()) return { body };
  const stop = { throwIfAborted: () => cancellation.throwIfCancelled(signal) };
  try {
    const answer = await hosts.tryInTurn<PutAnswer>(async (host) => {
      const reply = await postPut(context, host, body, signal);
      return acceptsAll(reply, batch.pointCount)
        ? { kind: 'verdict', failed: [] }
        : readPutAnswer(reply, batch.points, clock.now());
    }, stop);
    return { body, answer };
  } catch (error) {
    if (error instanceof NoVerdict && error.isClosed) return { body, error };
    throw error;
  }
}

/** Fits a body of the default limit. zlib's own default allocates eight times as much for every call. */
const chunkBytes = 16_384;

/** Compresses synchronously: the outlets run in a separate thread that has no other work meanwhile. */
function compress(text: Buffer): Buffer {
  return gzipSync(text, { level: 1, chunkSize: chunkBytes });
}
