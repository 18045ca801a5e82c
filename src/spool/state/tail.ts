// The end of a segment at recovery: detects a file that was cut short, copies a torn tail, and truncates the file.

import { closeSync, fsyncSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { groupHeaderBytes, readGroupHeader, terminatorBytes } from '../log/format.ts';
import { isEndOfLog, type ScanOptions } from '../log/scan.ts';

const maxTailBytes = 1 << 20;

/**
 * Reports whether the file ends within its header or a group. No crash causes that: the file is preallocated before it
 * has its name, and truncated only after a whole group.
 */
export function isCutShort({ file, seed, limit }: ScanOptions, at: number): boolean {
  if (at >= limit) return at > limit;
  if (isEndOfLog({ file, limit }, at)) return false;
  const from = at + groupHeaderBytes;
  return from > limit || from + (readGroupHeader(file.read(at, groupHeaderBytes, limit), 0, seed)?.length ?? 0) > limit;
}

/** The bytes after the last whole group. Undefined if nothing was written there. */
export function tornTail({ file, limit }: ScanOptions, at: number): Buffer | undefined {
  if (at >= limit || isEndOfLog({ file, limit }, at)) return undefined;
  return Buffer.from(file.read(at, maxTailBytes, limit));
}

export function keepTail(path: string, tail: Buffer): void {
  try {
    writeFileSync(path, tail, { mode: 0o600, flush: true });
  } catch {
    // On a full disk there is no copy. The loss is counted anyway.
  }
}

/** Truncates a replayed segment, so that the next recovery finds the same end. Returns the size of the file. */
export function truncateAt(path: string, end: number, fileBytes: number): number {
  if (fileBytes <= end + terminatorBytes) return fileBytes;
  try {
    const file = openSync(path, 'r+');
    try {
      ftruncateSync(file, end);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return end;
  } catch {
    return fileBytes;
  }
}

/** Truncates and closes the open segment after a failed group, which must not be recovered even if it is whole. */
export function truncateAndClose(file: number, end: number): void {
  try {
    ftruncateSync(file, end);
  } finally {
    closeSync(file);
  }
}
