// Cuts a stream of JSON into its lines or its first document.

import { EngineError } from './engine.ts';

const newline = 0x0a;

/**
 * The lines of a stream, without those that are empty. The last one needs no line break.
 *
 * @throws EngineError - a line is longer than maxBytes
 */
export async function* linesOf(
  call: string,
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  function take(piece: Buffer): void {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > maxBytes)
      throw new EngineError(`${call}: expected lines of at most ${maxBytes} bytes, found a longer one`);
  }
  function line(): string {
    const text = Buffer.concat(pieces, bytes).toString().trim();
    [pieces, bytes] = [[], 0];
    return text;
  }
  for await (const chunk of chunks) {
    let begin = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, begin)) {
      take(chunk.subarray(begin, end));
      begin = end + 1;
      const text = line();
      if (text !== '') yield text;
    }
    take(chunk.subarray(begin));
  }
  const text = line();
  if (text !== '') yield text;
}

/**
 * The first JSON object of a stream, however it is laid out; the whole text if it has no end.
 *
 * @throws EngineError - it is longer than maxBytes
 */
export async function firstObject(call: string, chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  const hasEnded = objectEnd();
  let bytes = 0;
  for await (const chunk of chunks) {
    const end = hasEnded(chunk);
    pieces.push(end === undefined ? chunk : chunk.subarray(0, end));
    bytes += chunk.length;
    if (end !== undefined) break;
    if (bytes > maxBytes) throw new EngineError(`${call}: expected at most ${maxBytes} bytes, found more`);
  }
  return Buffer.concat(pieces).toString();
}

/** Counts braces outside of texts. Returns the index behind the last one of the object, undefined before that. */
function objectEnd(): (chunk: Buffer) => number | undefined {
  const [quote, backslash, open, close] = [0x22, 0x5c, 0x7b, 0x7d];
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  return (chunk) => {
    for (const [index, byte] of chunk.entries()) {
      if (isEscaped) isEscaped = false;
      else if (isText && byte === backslash) isEscaped = true;
      else if (byte === quote) isText = !isText;
      else if (!isText && byte === open) depth += 1;
      else if (!isText && byte === close && (depth -= 1) === 0) return index + 1;
    }
    return undefined;
  };
}
