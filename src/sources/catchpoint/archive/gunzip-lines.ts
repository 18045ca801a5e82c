// Unpacks gzip and cuts text into lines, piece by piece; what is damaged ends it, and what was readable before counts.

import { createGunzip } from 'node:zlib';

/** Pieces of something, and in the end what stopped it, where something did. */
export type Pieces<T> = AsyncGenerator<T, Error | undefined>;

/** The text that gzip holds, as far as it can be unpacked; a stream's own error counts as one that stopped it. */
export async function* unpacked(packed: AsyncIterable<Buffer>): Pieces<Buffer> {
  const gunzip = createGunzip();
  const ready: Buffer[] = [];
  let fault: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    gunzip.on('data', (piece: Buffer) => void ready.push(piece));
    gunzip.once('end', resolve);
    gunzip.once('error', (error) => {
      fault = error;
      resolve();
    });
  });
  try {
    for await (const piece of packed) {
      await Promise.race([new Promise<void>((resolve) => gunzip.write(piece, () => resolve())), ended]);
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

/** The pieces as they are. */
export async function* plain(pieces: AsyncIterable<Buffer>): Pieces<Buffer> {
  for await (const piece of pieces) yield piece;
  return undefined;
}

/** A line that is longer is none of a push. */
const maxLineBytes = 64 * 2 ** 20;
const newline = 0x0a;

/** The lines of a text; a last one without its end counts only when nothing stopped the text. */
export async function* linesOf(pieces: Pieces<Buffer>): Pieces<string> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for (;;) {
    const { value, done } = await pieces.next();
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
