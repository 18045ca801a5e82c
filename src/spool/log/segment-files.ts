// Names and numbers of the log's files in the spool directory, and reading of segment headers.

import { closeSync, constants, fsyncSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes, segmentHeaderOffsets } from './format.ts';

/**
 * - keys: the run keys of a full segment
 * - spare: a preallocated file that is not a segment yet
 * - tail: a copy of a torn or damaged last group
 * - newest: an empty marker of the newest segment, which reveals that its file is missing
 */
type Extension = 'segment' | 'keys' | 'spare' | 'tail' | 'newest';

const digits = 12;

export function logPath(directory: string, number: number, extension: Extension): string {
  return join(directory, `${String(number).padStart(digits, '0')}.${extension}`);
}

export function segmentPath(directory: string, number: number): string {
  return logPath(directory, number, 'segment');
}

export function runKeysPath(directory: string, number: number): string {
  return logPath(directory, number, 'keys');
}

/** The numbers of all files with an extension, ascending. */
export function fileNumbers(directory: string, extension: Extension): number[] {
  const pattern = new RegExp(`^(\\d{${digits}})\\.${extension}$`);
  const numbers = readdirSync(directory).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

/** A later version of this program wrote the log. */
export class UnknownFormat extends Error {
  override readonly name = 'UnknownFormat';
  /** EX_CONFIG of sysexits. */
  readonly exitCode = 78;
}

/**
 * Returns undefined if both copies of the header are invalid, or belong to another segment.
 *
 * @throws UnknownFormat
 */
export function readSegmentHeader(directory: string, number: number): SegmentHeader | undefined {
  const path = segmentPath(directory, number);
  const file = openSync(path, 'r');
  try {
    for (const offset of segmentHeaderOffsets) {
      const bytes = Buffer.alloc(segmentHeaderBytes);
      readSync(file, bytes, 0, segmentHeaderBytes, offset);
      const header = decodeSegmentHeader(bytes);
      if (header !== undefined && 'version' in header)
        throw new UnknownFormat(
          `${path}: format ${header.version} is not known here; a later version of this program wrote it`,
        );
      if (header?.number === number) return header;
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Makes renames, new files and deletions in a directory durable. */
export function syncDirectory(directory: string): void {
  const file = openSync(directory, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
