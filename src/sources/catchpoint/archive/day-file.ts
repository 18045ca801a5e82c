// The files of the archive, one for each UTC day: their names, appending, and removal by age.

import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { gzipMembers } from './gzip-members.ts';

interface Appended {
  /** Size of the file. */
  readonly end: number;
  /** Bytes of a torn member that were cut off first. */
  readonly cutBytes: number;
  /** Path to which a file with a foreign end was moved first. */
  readonly asideAs?: string;
}

const namePattern = /^catchpoint-(\d{4}-\d{2}-\d{2})(\.\d+)?\.ndjson\.gz$/;

/** Pushes may hold confidential data. */
const mode = 0o600;

/** @param day - such as 2026-11-18 */
export function dayFilePath(directory: string, day: string): string {
  return join(directory, `catchpoint-${day}.ndjson.gz`);
}

/**
 * Appends a gzip member, and creates the file when it is missing. A failed write leaves the file as it was. The file is
 * opened for each append, so it may be moved or removed at any time.
 *
 * @param knownEnd - size after the last append; a file of another size is checked first
 */
export async function appendMember(path: string, member: Buffer, knownEnd: number): Promise<Appended> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, mode);
  try {
    const { size } = await file.stat();
    const { end, isForeign } = size === knownEnd ? { end: size, isForeign: false } : await lastWholeEnd(file, size);
    if (isForeign) {
      const asideAs = await moveAside(path);
      return { ...(await appendMember(path, member, 0)), asideAs };
    }
    if (end < size) await file.truncate(end);
    await writeAt(file, member, end);
    return { end: end + member.length, cutBytes: size - end };
  } finally {
    await file.close();
  }
}

/** Removes the files of days before the last `days` days. Resolves with their names. */
export async function removeOldDays(directory: string, days: number, nowMs: number): Promise<string[]> {
  const today = DateTime.fromMillis(nowMs, { zone: 'utc' });
  const firstDay = today.minus({ days: days - 1 }).toISODate() ?? '';
  const names = await readdir(directory);
  const old = names.filter((name) => (namePattern.exec(name)?.[1] ?? firstDay) < firstDay);
  for (const name of old) await rm(join(directory, name), { force: true });
  return old;
}

async function lastWholeEnd(
  file: FileHandle,
  size: number,
): Promise<{ readonly end: number; readonly isForeign: boolean }> {
  let end = 0;
  for await (const { offset, bytes, state } of gzipMembers(file, size)) {
    if (state !== 'whole') return { end, isForeign: state === 'foreign' };
    end = offset + bytes;
  }
  return { end, isForeign: false };
}

/** Renames a file with zeros from a power loss, or that another program has compressed, to the next free number. */
async function moveAside(path: string): Promise<string> {
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
