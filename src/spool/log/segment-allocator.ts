// Allocates segment files. A new file is preallocated with zeros, so that writes into it need no space and change no
// metadata. A file that is no longer needed is recycled as a spare.

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
import { encodeSegmentHeader, saltBytes, type SegmentHeader } from './format.ts';
import { fileNumbers, logPath, segmentPath, syncDirectory } from './segment-files.ts';

export interface OpenSegment {
  readonly header: SegmentHeader;
  readonly path: string;
  readonly file: number;
  readonly bytes: number;
}

export interface SegmentAllocator {
  /** Opens the next segment, at least `minBytes` long. Its name is durable on return. */
  allocate(header: Omit<SegmentHeader, 'salt'>, minBytes: number): Promise<OpenSegment>;
  hasSpare(): boolean;
  /** Creates a spare unless there is one. Rejects if the disk is full. */
  preallocate(): Promise<void>;
  /** Turns a segment into a spare, or deletes it if there are enough. */
  recycle(number: number): Promise<void>;
  spareBytes(): number;
}

const chunkBytes = 1 << 20;
/** Makes each write durable on return. On a platform without it an fdatasync follows each write. */
export const dsync = constants.O_DSYNC ?? 0;

const opened = promisify(open);
const written = promisify(write);
const synced = promisify(fsync);
const closed = promisify(close);
const renamed = promisify(rename);

export function segmentAllocator(directory: string, segmentBytes: number, maxSpares = 2): SegmentAllocator {
  const spares = adoptSpares(directory, segmentBytes, maxSpares);
  let nextSpare = Math.max(0, ...spares) + 1;
  let preallocating: Promise<void> | undefined;

  async function createSpare(bytes: number): Promise<number> {
    const number = nextSpare;
    nextSpare += 1;
    try {
      await writeZeros(logPath(directory, number, 'spare'), bytes);
      return number;
    } catch (error) {
      await rm(logPath(directory, number, 'spare'), { force: true }).catch(() => {});
      throw error;
    }
  }

  async function preallocate(): Promise<void> {
    if (spares.length === 0) spares.push(await createSpare(segmentBytes));
  }

  return {
    async allocate(given, minBytes) {
      await preallocating?.catch(() => {});
      const bytes = Math.max(segmentBytes, minBytes);
      const spare = (bytes === segmentBytes ? spares.shift() : undefined) ?? (await createSpare(bytes));
      const header: SegmentHeader = { ...given, salt: randomBytes(saltBytes) };
      const path = segmentPath(directory, header.number);
      const file = await opened(logPath(directory, spare, 'spare'), constants.O_WRONLY | dsync);
      try {
        await writeAll(file, encodeSegmentHeader(header), 0);
        if (dsync === 0) await synced(file);
        await renamed(logPath(directory, spare, 'spare'), path);
        moveNewestMarker(directory, header.number);
        syncDirectory(directory);
      } catch (error) {
        await closed(file);
        if (bytes === segmentBytes && existsSync(logPath(directory, spare, 'spare'))) spares.unshift(spare);
        throw error;
      }
      return { header, path, file, bytes };
    },
    hasSpare: () => spares.length > 0,
    preallocate: () => (preallocating ??= preallocate().finally(() => void (preallocating = undefined))),
    async recycle(number) {
      const path = segmentPath(directory, number);
      await rm(logPath(directory, number, 'newest'), { force: true });
      if (spares.length >= maxSpares || statSync(path).size !== segmentBytes) return rm(path, { force: true });
      const spare = nextSpare;
      nextSpare += 1;
      await renamed(path, logPath(directory, spare, 'spare'));
      spares.push(spare);
    },
    spareBytes: () => spares.length * segmentBytes,
  };
}

/** Returns the spares of an earlier process that fit, and deletes the others. */
function adoptSpares(directory: string, segmentBytes: number, maxSpares: number): number[] {
  const numbers = fileNumbers(directory, 'spare');
  const usable = numbers
    .filter((number) => statSync(logPath(directory, number, 'spare')).size === segmentBytes)
    .slice(0, maxSpares);
  for (const number of numbers)
    if (!usable.includes(number)) rmSync(logPath(directory, number, 'spare'), { force: true });
  return usable;
}

/** Runs after the segment has its name, so that no crash leaves a marker without its segment. */
function moveNewestMarker(directory: string, number: number): void {
  const previous = fileNumbers(directory, 'newest').findLast((each) => existsSync(segmentPath(directory, each)));
  try {
    if (previous === undefined) writeFileSync(logPath(directory, number, 'newest'), '', { mode: 0o600 });
    else renameSync(logPath(directory, previous, 'newest'), logPath(directory, number, 'newest'));
  } catch {
    // On a full disk there is no marker: recovery does not notice if the segment's file goes missing.
  }
}

async function writeZeros(path: string, bytes: number): Promise<void> {
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

/** @throws ENOSPC on a short write */
async function writeAll(file: number, bytes: Buffer, at: number): Promise<void> {
  const { bytesWritten } = (await written(file, bytes, 0, bytes.length, at)) as unknown as {
    readonly bytesWritten: number;
  };
  if (bytesWritten < bytes.length)
    throw Object.assign(new Error(`wrote ${bytesWritten} of ${bytes.length} bytes`), { code: 'ENOSPC' });
}
