// Puts a batch in one request. Its points are made when the answer says anything but that all were taken, and not before.

import { gzipSync } from 'node:zlib';
import type { SinkBatch } from '../../sink.ts';
import { NoRuling } from './no-ruling.ts';
import { isWhollyTaken, type PutAnswer, readPutAnswer } from './put-answer.ts';
import { postPut, type PutOptions, type PutBefore } from './put.ts';

/** A batch and its text, as batch-text.ts makes it. */
export interface WholeBatch {
  readonly batch: Pick<SinkBatch, 'points' | 'pointCount'>;
  readonly text: string;
}

/** Compresses texts one after another. */
export type WholeGzip = (text: string) => Buffer;

/**
 * Compresses in this thread: who writes batches has a thread for it, which can do nothing better meanwhile, and another thread would
 * do the same work and be waited for. The text is legal, and so ASCII; it is written where the one before it was.
 */
export function wholeGzip(): WholeGzip {
  let written = Buffer.alloc(0);
  return (text) => {
    if (text.length > written.length) written = Buffer.allocUnsafeSlow(2 * text.length);
    return gzipSync(written.subarray(0, written.write(text, 'latin1')), { level: 1 });
  };
}

export interface WholePutOptions extends PutOptions {
  readonly wholeGzip: WholeGzip;
}

/**
 * What has come of it; nothing was asked where the body is too large.
 *
 * @throws the error of a request that cannot have been too large
 */
export async function putWhole(options: WholePutOptions, { batch, text }: WholeBatch, signal: AbortSignal): Promise<PutBefore> {
  const { size, hosts, bounds, clock } = options;
  const body = options.wholeGzip(`[${text}]`);
  size.compressed(body.length, batch.pointCount);
  if (body.length > size.maxBytes()) return { body };
  const stop = { throwIfAborted: () => bounds.throwIfOver(signal) };
  try {
    const answer = await hosts.ask<PutAnswer>(async (host) => {
      const told = await postPut(options, signal, host, body);
      return isWhollyTaken(told, batch.pointCount) ? { kind: 'ruled', failed: [] } : readPutAnswer(told, batch.points, clock.now());
    }, stop);
    return { body, answer };
  } catch (error) {
    if (error instanceof NoRuling && error.isClosed) return { body, error };
    throw error;
  }
}
