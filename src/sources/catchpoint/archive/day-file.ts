// The archive's files, one a UTC day: how they are called, how a chunk is put at the end of one, and which are too old.

import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { members } from './gzip-members.ts';

/** What had to be done to a file before anything could be put at its end. */
export interface Appended {
  /** Where the file ends now. */
  readonly end: number;
  /** Bytes of a chunk that a crash had torn, cut off. */
  readonly cutBytes: number;
  /** Where a file with something else at its end was put. */
  readonly asideAs?: string;
}

const namePattern = /^catchpoint-(\d{4}-\d{2}-\d{2})(\.\d+)?\.ndjson\.gz$/;

/** Bodies may hold what is nobody else's business. */
const mode = 0o600;

/** The path of a day's file; `day` is such as 2026-11-18. */
export function dayFilePath(directory: string, day: string): string {
  return join(directory, `catchpoint-${day}.ndjson.gz`);
}

/**
 * Puts a member at the end of a file, making it where there is none. The file is opened anew each time, so that it may
 * be moved or removed at any moment. When the write fails, nothing of it stays.
 *
 * @param knownEnd - where the file ended after the last append; a file that ends elsewhere is walked first
 */
export async function appendMember(path: string, member: Buffer, knownEnd: number): Promise<Appended> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, mode);
  try {
    const { size } = await file.stat();
    const { end, isForeign } = size === knownEnd ? { end: size, isForeign: false } : await wholeEnd(file, size);
    if (isForeign) {
      const asideAs = await putAside(path);
      return { ...(await appendMember(path, member, 0)), asideAs };
    }
    if (end < size) await file.truncate(end);
    await writeAt(file, member, end);
    return { end: end + member.length, cutBytes: size - end };
  } finally {
    await file.close();
  }
}

/** Removes the files of days that are over since so many days; resolves with their names. */
export async function removeOldDays(directory: string, days: number, nowMs: number): Promise<string[]> {
  const firstKept =
    DateTime.fromMillis(nowMs, { zone: 'utc' })
      .minus({ days: days - 1 })
      .toISODate() ?? '';
  const names = await readdir(directory);
  const old = names.filter((name) => (namePattern.exec(name)?.[1] ?? firstKept) < firstKept);
  for (const name of old) await rm(join(directory, name), { force: true });
  return old;
}

async function wholeEnd(
  file: FileHandle,
  size: number,
): Promise<{ readonly end: number; readonly isForeign: boolean }> {
  let end = 0;
  for await (const { offset, bytes, state } of members(file, size)) {
    if (state !== 'whole') return { end, isForeign: state === 'foreign' };
    end = offset + bytes;
  }
  return { end, isForeign: false };
}

/** Zeros after a power loss, or a file that somebody has packed anew: it is kept as it is, under the next free number. */
async function putAside(path: string): Promise<string> {
  const stem = path.replace(/\.ndjson\.gz$/, '');
  for (let number = 1; ; number += 1) {
    const aside = `${stem}.${number}.ndjson.gz`;
    try {
      await (await open(aside, 'wx', mode)).close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    await rename(path, aside);
    return aside;
  }
}

async function writeAt(file: FileHandle, bytes: Buffer, end: number): Promise<void> {
  try {
    for (let written = 0; written < bytes.length;) {
      written += (await file.write(bytes, written, bytes.length - written, end + written)).bytesWritten;
    }
  } catch (error) {
    await file.truncate(end).catch(() => {});
    throw error;
  }
}
