// Files for the log to write to: laid out once with zeros, so that a write into them needs no more room and changes no metadata, and
// used again when what is in them is needed no more.

import { randomBytes } from 'node:crypto';
import {
  close,
  constants,
  existsSync,
  fsync,
  open,
  rename,
  renameSync,
  rmSync,
  statSync,
  write,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { encodeSegmentHead, saltBytes, type SegmentHead } from './format.ts';
import { newestPath, numbersOf, segmentPath, sparePath, syncDirectory } from './segment-files.ts';

export interface OpenSegment {
  readonly head: SegmentHead;
  readonly path: string;
  readonly file: number;
  /** The length that is laid out. */
  readonly bytes: number;
}

export interface SegmentSupply {
  /** The next segment, of so many bytes at least; its name is durable when it resolves. */
  take(head: Omit<SegmentHead, 'salt'>, leastBytes: number): Promise<OpenSegment>;
  /** Whether one can be had without asking the disk for room. */
  isReady(): boolean;
  /** Lays one out to be ready, unless there is one; rejects when there is no room. */
  prepare(): Promise<void>;
  /** Takes a segment back that is needed no more: deletes it when enough are ready. */
  giveBack(number: number): Promise<void>;
  /** Bytes that are laid out and wait to be used. */
  spareBytes(): number;
}

const chunkBytes = 1 << 20;
/** Each write through a file opened so is durable when it returns; elsewhere an fdatasync follows. */
export const dsync = constants.O_DSYNC ?? 0;

const opened = promisify(open);
const written = promisify(write);
const synced = promisify(fsync);
const closed = promisify(close);
const renamed = promisify(rename);

/** @param spares - how many are kept */
export function segmentSupply(directory: string, segmentBytes: number, spares = 2): SegmentSupply {
  const ready = adopted(directory, segmentBytes, spares);
  let nextSpare = Math.max(0, ...ready) + 1;
  let preparing: Promise<void> | undefined;

  async function layOut(bytes: number): Promise<number> {
    const number = nextSpare;
    nextSpare += 1;
    try {
      await layOutFile(sparePath(directory, number), bytes);
      return number;
    } catch (error) {
      await rm(sparePath(directory, number), { force: true }).catch(() => {});
      throw error;
    }
  }

  async function prepare(): Promise<void> {
    if (ready.length === 0) ready.push(await layOut(segmentBytes));
  }

  return {
    async take(given, leastBytes) {
      await preparing?.catch(() => {});
      const spare =
        (leastBytes <= segmentBytes ? ready.shift() : undefined) ?? (await layOut(Math.max(segmentBytes, leastBytes)));
      const head: SegmentHead = { ...given, salt: randomBytes(saltBytes) };
      const path = segmentPath(directory, head.number);
      const bytes = Math.max(segmentBytes, leastBytes);
      const file = await opened(sparePath(directory, spare), constants.O_WRONLY | dsync);
      try {
        await writeAll(file, encodeSegmentHead(head), 0);
        if (dsync === 0) await synced(file);
        await renamed(sparePath(directory, spare), path);
        noteNewest(directory, head.number);
        syncDirectory(directory);
      } catch (error) {
        await closed(file);
        if (bytes === segmentBytes && existsSync(sparePath(directory, spare))) ready.unshift(spare);
        throw error;
      }
      return { head, path, file, bytes };
    },
    isReady: () => ready.length > 0,
    prepare: () => (preparing ??= prepare().finally(() => void (preparing = undefined))),
    async giveBack(number) {
      const path = segmentPath(directory, number);
      await rm(newestPath(directory, number), { force: true });
      if (ready.length >= spares || statSync(path).size !== segmentBytes) return rm(path, { force: true });
      const spare = nextSpare;
      nextSpare += 1;
      await renamed(path, sparePath(directory, spare));
      ready.push(spare);
    },
    spareBytes: () => ready.length * segmentBytes,
  };
}

/** The spares of a former run that can be used; the others are deleted. */
function adopted(directory: string, segmentBytes: number, most: number): number[] {
  const numbers = numbersOf(directory, 'spare');
  const usable = numbers
    .filter((number) => statSync(sparePath(directory, number)).size === segmentBytes)
    .slice(0, most);
  for (const number of numbers) if (!usable.includes(number)) rmSync(sparePath(directory, number), { force: true });
  return usable;
}

/** After the segment has its name: no crash leaves the note alone. Notes of segments that are gone stay. */
function noteNewest(directory: string, number: number): void {
  const former = numbersOf(directory, 'newest').findLast((each) => existsSync(segmentPath(directory, each)));
  try {
    if (former === undefined) writeFileSync(newestPath(directory, number), '', { mode: 0o600 });
    else renameSync(newestPath(directory, former), newestPath(directory, number));
  } catch {
    // On a full disk there is none: no more than the note is missed.
  }
}

async function layOutFile(path: string, bytes: number): Promise<void> {
  const file = await opened(path, 'w', 0o600);
  try {
    const zeros = Buffer.alloc(Math.min(chunkBytes, bytes));
    for (let at = 0; at < bytes; at += zeros.length)
      await writeAll(file, zeros.subarray(0, Math.min(zeros.length, bytes - at)), at);
    await synced(file);
  } finally {
    await closed(file);
  }
}

/** A write that comes back short is one for which there is no room. */
async function writeAll(file: number, bytes: Buffer, at: number): Promise<void> {
  const { bytesWritten } = (await written(file, bytes, 0, bytes.length, at)) as unknown as {
    readonly bytesWritten: number;
  };
  if (bytesWritten < bytes.length)
    throw Object.assign(new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`), { code: 'ENOSPC' });
}
