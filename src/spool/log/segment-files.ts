// The files of the log in the spool's directory: segments by their number, laid-out files that wait to become one, and their names.

import { closeSync, constants, fsyncSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSegmentHead, type SegmentHead, segmentHeadBytes, segmentHeadPlaces } from './format.ts';

const digits = 12;

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(digits, '0')}.segment`);
}

/** The run keys of a segment that is full; see run-key-files.ts. */
export function runKeysPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(digits, '0')}.keys`);
}

/** A file that is laid out and not a segment yet. */
export function sparePath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(digits, '0')}.spare`);
}

/** Where the bytes of a last group are kept that was torn, or damaged. */
export function tailPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(digits, '0')}.tail`);
}

/** An empty file whose name says which segment was begun last, so that one is missed whose file is gone. */
export function newestPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(digits, '0')}.newest`);
}

/** The numbers of the files with an ending such as `segment`, in order. */
export function numbersOf(directory: string, ending: 'segment' | 'keys' | 'spare' | 'tail' | 'newest'): number[] {
  const pattern = new RegExp(`^(\\d{${digits}})\\.${ending}$`);
  const numbers = readdirSync(directory).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

/** The log was written by a later version of this program. */
export class UnknownFormat extends Error {
  override readonly name = 'UnknownFormat';
  /** After sysexits: something about the installation is wrong. */
  readonly exitCode = 78;
}

/**
 * The head of a segment's file; undefined when its bytes are not those of the segment that its name says.
 *
 * @throws UnknownFormat
 */
export function readSegmentHead(directory: string, number: number): SegmentHead | undefined {
  const path = segmentPath(directory, number);
  const file = openSync(path, 'r');
  try {
    for (const place of segmentHeadPlaces) {
      const bytes = Buffer.alloc(segmentHeadBytes);
      readSync(file, bytes, 0, segmentHeadBytes, place);
      const head = decodeSegmentHead(bytes);
      if (head !== undefined && 'version' in head)
        throw new UnknownFormat(
          `${path}: format ${head.version} is not known here; a later version of this program wrote it`,
        );
      if (head?.number === number) return head;
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Makes what was renamed, made and removed in a directory last over a loss of power. */
export function syncDirectory(directory: string): void {
  const file = openSync(directory, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
