// Reads the lines of archives: the bridge's own files, any other gzip, plain text, and streams. Damaged parts are
// reported and skipped.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Chunks, gunzipped, linesOf, plain } from './gunzip-lines.ts';
import { gzipMembers, type Member, readAt } from './gzip-members.ts';

export interface Reading {
  /** Called for each damaged part. The text begins with its place. */
  readonly damaged: (words: string) => void;
  /** Called with the number of bytes of the file that have been read. */
  readonly at: (bytes: number) => void;
}

/** @throws the system's error when the file cannot be read */
export async function* linesOfFile(path: string, reading: Reading): AsyncGenerator<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    for await (const member of gzipMembers(file, size)) {
      const { offset, bytes, state } = member;
      if (state !== 'foreign') {
        yield* linesOfMember(await readAt(file, offset, bytes), member, reading);
      } else if (bytes === size || isGzip(await readAt(file, offset, 2))) {
        const stream = createReadStream(path, { start: offset, end: offset + bytes - 1 });
        yield* linesOfStream(stream, { ...reading, at: (readBytes) => reading.at(offset + readBytes) });
      } else {
        reading.damaged(`${bytes} bytes at ${offset}: no archive; left out`);
      }
      reading.at(offset + bytes);
    }
  } finally {
    await file.close();
  }
}

/** The lines of plain text or gzip. */
export async function* linesOfStream(stream: AsyncIterable<Buffer>, { damaged, at }: Reading): AsyncGenerator<string> {
  const chunks = counted(stream, at);
  const first = await chunks.next();
  if (first.done === true) return;
  const all = prepended(first.value, chunks);
  const fault = yield* linesOf(isGzip(first.value) ? gunzipped(all) : plain(all));
  if (fault !== undefined) damaged(`cannot be read further: ${fault.message}`);
}

/** Whole lines of a torn member are used. A member with a wrong checksum is skipped, because any line may be wrong. */
async function* linesOfMember(
  packed: Buffer,
  { offset, bytes, state }: Member,
  { damaged }: Reading,
): AsyncGenerator<string> {
  const place = `${bytes} bytes at ${offset}`;
  const lines: string[] = [];
  const fault = await collected(linesOf(gunzipped(once(packed))), lines);
  if (state === 'torn') damaged(`${place}: ends too early; ${lines.length} lines of it are used`);
  else if (fault !== undefined) damaged(`${place}: damaged, left out (${fault.message})`);
  if (state === 'torn' || fault === undefined) yield* lines;
}

async function collected<T>(chunks: Chunks<T>, into: T[]): Promise<Error | undefined> {
  for (;;) {
    const { value, done } = await chunks.next();
    if (done === true) return value;
    into.push(value);
  }
}

/** RFC 1952's magic number. */
function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* counted(stream: AsyncIterable<Buffer>, at: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of stream) {
    yield chunk;
    bytes += chunk.length;
    at(bytes);
  }
}

async function* prepended(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* once(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}
