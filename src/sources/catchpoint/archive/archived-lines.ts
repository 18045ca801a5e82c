// Reads the lines of archives: files of ours, any other gzip, plain text, and streams; what is damaged is told, and
// what can be read beside it is read.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Member, members, read } from './gzip-members.ts';
import { linesOf, type Pieces, plain, unpacked } from './gunzip-lines.ts';

export interface Reading {
  /** Told of what cannot be read, in words that begin with the place. */
  readonly damaged: (words: string) => void;
  /** Told how many bytes of the file are behind us. */
  readonly at: (bytes: number) => void;
}

/** The lines of a file. @throws the system's error when the file cannot be read at all */
export async function* linesOfFile(path: string, reading: Reading): AsyncGenerator<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    for await (const member of members(file, size)) {
      const { offset, bytes, state } = member;
      const isForeignAsAWhole = state === 'foreign' && bytes === size;
      if (isForeignAsAWhole || (state === 'foreign' && isPacked(await read(file, offset, 2)))) {
        const stretch = createReadStream(path, { start: offset, end: offset + bytes - 1 });
        yield* linesOfStream(stretch, { ...reading, at: (behind) => reading.at(offset + behind) });
      } else if (state === 'foreign') {
        reading.damaged(`${bytes} bytes at ${offset}: no archive; left out`);
      } else {
        yield* linesOfMember(await read(file, offset, bytes), member, reading);
      }
      reading.at(offset + bytes);
    }
  } finally {
    await file.close();
  }
}

/** The lines of a stream, packed or not. */
export async function* linesOfStream(stream: AsyncIterable<Buffer>, { damaged, at }: Reading): AsyncGenerator<string> {
  const pieces = counted(stream, at);
  const first = await pieces.next();
  if (first.done === true) return;
  const all = headedBy(first.value, pieces);
  const fault = yield* linesOf(isPacked(first.value) ? unpacked(all) : plain(all));
  if (fault !== undefined) damaged(`cannot be read further: ${fault.message}`);
}

/** A torn member is right as far as it goes; one whose check fails may say anything, and is left out. */
async function* linesOfMember(
  packed: Buffer,
  { offset, bytes, state }: Member,
  { damaged }: Reading,
): AsyncGenerator<string> {
  const stretch = `${bytes} bytes at ${offset}`;
  const lines: string[] = [];
  const fault = await collected(linesOf(unpacked(once(packed))), lines);
  if (state === 'torn') damaged(`${stretch}: ends too early; ${lines.length} lines of it are used`);
  else if (fault !== undefined) damaged(`${stretch}: damaged, left out (${fault.message})`);
  if (state === 'torn' || fault === undefined) yield* lines;
}

async function collected<T>(pieces: Pieces<T>, into: T[]): Promise<Error | undefined> {
  for (;;) {
    const { value, done } = await pieces.next();
    if (done === true) return value;
    into.push(value);
  }
}

/** RFC 1952's magic number. */
function isPacked(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* counted(stream: AsyncIterable<Buffer>, at: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of stream) {
    yield piece;
    bytes += piece.length;
    at(bytes);
  }
}

async function* headedBy(first: Buffer, rest: AsyncIterableIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* once(piece: Buffer): AsyncGenerator<Buffer> {
  yield piece;
}
