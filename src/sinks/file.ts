// File mode: points are appended to a file, as `tsdb import` reads them or as lines of JSON.

import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../runtime/log.ts';
import { makeDirectory } from '../runtime/make-directory.ts';
import type { Sink, Verdict } from '../model/sink.ts';
import { renderLegal } from './opentsdb/text/render.ts';
import { writeWithDefaultTag } from './opentsdb/text/default-tag.ts';

export interface FileSinkOptions {
  readonly path: string;
  /** `import`: `metric timestamp value tag=value…`. `ndjson`: one element of /api/put a line. */
  readonly format: 'import' | 'ndjson';
  /** Told when the end of a line that was never finished is cut off. */
  readonly log?: Log;
  /** Default `file`. */
  readonly name?: string;
}

const batchPoints = 1000;
const maxLineBytes = 65_536;

/** Lines that wait for the disk, and who is told. */
interface Pending {
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface State extends FileSinkOptions {
  file: FileHandle | undefined;
  pending: Pending[];
  /** Ends when nothing is pending. */
  appending: Promise<void> | undefined;
  isClosed: boolean;
}

/**
 * Opens the file at the first write, and makes its directory where it is missing. A write resolves when its lines are on
 * disk; writes that come together share an fdatasync. What a crash left of a last line is cut off when the file is opened:
 * nobody was told that it was there, and half a line may read as a point of another series. A last line of somebody else
 * is ended.
 */
export function fileSink(options: FileSinkOptions): Sink {
  const { path, format, name = 'file' } = options;
  const state: State = { ...options, file: undefined, pending: [], appending: undefined, isClosed: false };
  return {
    name,
    batchPoints: () => batchPoints,
    async write(points, { signal }): Promise<Verdict> {
      signal.throwIfAborted();
      if (state.isClosed) throw new Error(`${path}: the sink is closed`);
      return writeWithDefaultTag(points, async (sent) => {
        const { legal, rejected } = renderLegal(sent, format === 'import' ? 'import' : 'json', maxLineBytes);
        if (legal.length > 0) await append(state, legal.map(({ text }) => `${text}\n`).join(''));
        return { rejected, kept: [] };
      });
    },
    async close() {
      state.isClosed = true;
      await state.appending;
      await state.file?.close();
      state.file = undefined;
    },
  };
}

function append(state: State, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    state.pending.push({ text, resolve, reject });
    state.appending ??= appendPending(state).finally(() => {
      state.appending = undefined;
    });
  });
}

async function appendPending(state: State): Promise<void> {
  while (state.pending.length > 0) {
    const group = state.pending.splice(0);
    try {
      state.file ??= await openWhole(state);
      await appendWhole(state.file, group.map(({ text }) => text).join(''));
      for (const { resolve } of group) resolve();
    } catch (error) {
      // Opened anew, the file has its torn end cut off.
      await state.file?.close().catch(() => {});
      state.file = undefined;
      for (const { reject } of group) reject(error as Error);
    }
  }
}

/** A pipe or a terminal cannot be synced. */
async function appendWhole(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text, 'ascii');
  if ((await file.stat()).isFile()) await file.datasync();
}

async function openWhole({ path, format, log }: State): Promise<FileHandle> {
  makeDirectory(dirname(path));
  const file = await open(path, 'a+', 0o640);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return file;
    const { size } = stat;
    const wholeBytes = await endOfLastLine(file, size);
    if (wholeBytes < size) {
      const tail = Buffer.alloc(Math.min(size - wholeBytes, maxLineBytes + 1));
      await file.read(tail, 0, tail.length, wholeBytes);
      const isCut = isTorn(tail.toString('latin1'), format);
      if (isCut) await file.truncate(wholeBytes);
      else await file.appendFile('\n');
      const found = tail.toString('latin1', 0, 300);
      log?.warn(
        { path, found },
        `the file ended without a line's end: ${isCut ? 'a torn line was cut off' : 'one was added'}`,
      );
    }
    await syncDirectory(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Whether this is the beginning of a line of ours, and nothing that somebody else has written. Zeros are what a power cut leaves. */
function isTorn(tail: string, format: FileSinkOptions['format']): boolean {
  const text = tail.replaceAll('\0', '');
  if (text === '') return true;
  if (format === 'ndjson')
    return tail.length <= maxLineBytes && (text.startsWith('{"metric":"') || '{"metric":"'.startsWith(text));
  const importLine = /^[A-Za-z0-9._/-]+(?: (?:\d{0,13}|\d{9,13} (?:[-+0-9.eE]*|[-+0-9.eE]+ [A-Za-z0-9._/= -]*)))?$/;
  return tail.length <= maxLineBytes && importLine.test(text);
}

/** The place after the last line feed. */
async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(maxLineBytes);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, end - start, start);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** So that a file that is new is still there after a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
