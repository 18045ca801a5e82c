// File mode: appends points to a file, as `tsdb import` reads them or as lines of JSON.

import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sink } from '../model/sink.ts';
import { type Deferred, deferred } from '../runtime/deferred.ts';
import type { Log } from '../runtime/log.ts';
import { makeDirectory } from '../runtime/make-directory.ts';
import { writeWithDefaultTag } from './opentsdb/text/default-tag.ts';
import { renderLegal } from './opentsdb/text/render.ts';

export interface FileSinkOptions {
  readonly path: string;
  /** `import`: `metric timestamp value tag=value…`. `ndjson`: one element of /api/put a line. */
  readonly format: 'import' | 'ndjson';
  /** Warns when an unfinished last line is found in the file. */
  readonly log?: Log;
  /** Default `file`. */
  readonly name?: string;
}

const batchPoints = 1000;
const maxLineBytes = 65_536;

interface QueuedLines {
  readonly text: string;
  readonly written: Deferred<void>;
}

interface State extends FileSinkOptions {
  file: FileHandle | undefined;
  queue: QueuedLines[];
  /** Resolves when the queue is empty. */
  appending: Promise<void> | undefined;
  isClosed: boolean;
}

/**
 * Opens the file at the first write, and creates its directory. A write resolves when its lines are on disk; concurrent
 * writes share an fdatasync. Opening truncates a torn last line of this sink: it was never acknowledged, and half a line
 * may parse as a point of another series. A last line of another program gets a line feed.
 */
export function fileSink(options: FileSinkOptions): Sink {
  const { path, format, name = 'file' } = options;
  const state: State = { ...options, file: undefined, queue: [], appending: undefined, isClosed: false };
  return {
    name,
    batchPoints: () => batchPoints,
    async write(points, { signal }) {
      signal.throwIfAborted();
      if (state.isClosed) throw new Error(`${path}: the sink is closed`);
      return writeWithDefaultTag(points, async (tagged) => {
        const { legal, rejected } = renderLegal(tagged, format === 'import' ? 'import' : 'json', maxLineBytes);
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
  const written = deferred<void>();
  state.queue.push({ text, written });
  state.appending ??= appendQueue(state).finally(() => {
    state.appending = undefined;
  });
  return written.promise;
}

async function appendQueue(state: State): Promise<void> {
  while (state.queue.length > 0) {
    const group = state.queue.splice(0);
    try {
      state.file ??= await openRepaired(state);
      await appendDurably(state.file, group.map(({ text }) => text).join(''));
      for (const { written } of group) written.resolve();
    } catch (error) {
      // Reopening truncates what was written in part.
      await state.file?.close().catch(() => {});
      state.file = undefined;
      for (const { written } of group) written.reject(error as Error);
    }
  }
}

/** Pipes and terminals cannot be synced. */
async function appendDurably(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text, 'ascii');
  if ((await file.stat()).isFile()) await file.datasync();
}

async function openRepaired({ path, format, log }: State): Promise<FileHandle> {
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

/** Recognizes the beginning of a line of this sink. A power failure may leave zeros. */
function isTorn(tail: string, format: FileSinkOptions['format']): boolean {
  const text = tail.replaceAll('\0', '');
  if (text === '') return true;
  if (format === 'ndjson')
    return tail.length <= maxLineBytes && (text.startsWith('{"metric":"') || '{"metric":"'.startsWith(text));
  const importLine = /^[A-Za-z0-9._/-]+(?: (?:\d{0,13}|\d{9,13} (?:[-+0-9.eE]*|[-+0-9.eE]+ [A-Za-z0-9._/= -]*)))?$/;
  return tail.length <= maxLineBytes && importLine.test(text);
}

/** Returns the offset after the last line feed. */
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

/** Makes a new file survive a power failure. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
