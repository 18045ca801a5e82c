// Decompresses gzip and splits text into lines, chunk by chunk. Lines before a damaged place are still read.

import { createGunzip } from 'node:zlib';

/** Yields chunks, and returns the error that ended them early, if any. */
export type Chunks<T> = AsyncGenerator<T, Error | undefined>;

/** Yields the output up to the first damaged place. Throws an error of the input stream. */
export async function* gunzipped(packed: AsyncIterable<Buffer>): Chunks<Buffer> {
  const gunzip = createGunzip();
  const ready: Buffer[] = [];
  let fault: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    gunzip.on('data', (chunk: Buffer) => void ready.push(chunk));
    gunzip.once('end', resolve);
    gunzip.once('error', (error) => {
      fault = error;
      resolve();
    });
  });
  try {
    for await (const chunk of packed) {
      await Promise.race([new Promise<void>((resolve) => gunzip.write(chunk, () => resolve())), ended]);
      yield* ready.splice(0);
      if (fault !== undefined) return fault;
    }
    gunzip.end();
    await ended;
    yield* ready.splice(0);
    return fault;
  } finally {
    gunzip.destroy();
  }
}

/** Plain text as chunks without an error. */
export async function* plain(chunks: AsyncIterable<Buffer>): Chunks<Buffer> {
  yield* chunks;
  return undefined;
}

/** A longer line is not a push. */
const maxLineBytes = 64 * 2 ** 20;
const newline = 0x0a;

/** A last line without a line end counts only when no error ended the text. */
export async function* linesOf(chunks: Chunks<Buffer>): Chunks<string> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for (;;) {
    const { value, done } = await chunks.next();
    if (done === true) {
      if (value === undefined && begunBytes > 0) yield Buffer.concat(begun).toString();
      return value;
    }
    let from = 0;
    for (let end = value.indexOf(newline); end !== -1; end = value.indexOf(newline, from)) {
      yield Buffer.concat([...begun, value.subarray(from, end)]).toString();
      begun = [];
      begunBytes = 0;
      from = end + 1;
    }
    begun.push(value.subarray(from));
    begunBytes += value.length - from;
    if (begunBytes > maxLineBytes) return new Error(`a line of more than ${maxLineBytes} bytes`);
  }
}
