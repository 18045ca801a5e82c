// The archive of raw pushes: one gzip file for each UTC day. It never delays or fails a push.

import { isUtf8 } from 'node:buffer';
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { makeDirectory } from '../../../runtime/make-directory.ts';
import { schedule } from '../../../runtime/schedule.ts';
import { pushText } from '../push-body.ts';
import { appendMember, dayFilePath, removeOldDays } from './day-file.ts';
import { gzipMember } from './gzip-members.ts';

export interface ArchiveOptions {
  readonly directory: string;
  /** Number of days with files, including today. */
  readonly days: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Free space of the file system. The archive leaves 256 MiB free. */
  readonly freeBytes?: (directory: string) => Promise<number>;
}

export interface ArchiveStatus {
  /** Pushes written to a file. */
  readonly archived: number;
  /** Pushes not written to any file. */
  readonly lost: number;
  /** Undefined when the last write succeeded. */
  readonly lastError: string | undefined;
}

export interface Archive {
  /** Queues a push that was answered 200. Never throws. */
  add(body: Buffer): void;
  /** Writes every two seconds and removes old days until the signal. Then writes the rest. */
  run(signal: AbortSignal): Promise<void>;
  status(): ArchiveStatus;
}

const writeEveryMs = 2000;
const removeEveryMs = 3_600_000;
/** Queued bytes, before compression, that cause a write at once. */
const chunkBytes = 256 * 1024;
/** Bound on queued bytes. While the disk is too slow, further pushes are lost to the archive. */
const maxQueuedBytes = 8 * 2 ** 20;
const minFreeBytes = 256 * 2 ** 20;

interface QueuedPush {
  /** Such as 2026-11-18. */
  readonly day: string;
  readonly line: Buffer;
}

interface State {
  readonly options: ArchiveOptions;
  queue: QueuedPush[];
  queuedBytes: number;
  /** Day and size of the last written file. */
  last: { readonly day: string; readonly end: number };
  writing: Promise<void> | undefined;
  status: ArchiveStatus;
}

/** Creates the directory when it is missing. */
export function pushArchive(options: ArchiveOptions): Archive {
  const state: State = {
    options,
    queue: [],
    queuedBytes: 0,
    last: { day: '', end: 0 },
    writing: undefined,
    status: { archived: 0, lost: 0, lastError: undefined },
  };
  return {
    add: (body) => add(state, body),
    run: (signal) => run(state, signal),
    status: () => state.status,
  };
}

/** A push as a line of the archive. */
export function archivedLine(body: Buffer, receivedAt: string): Buffer {
  const value = isOneLineJson(body) ? body : Buffer.from(JSON.stringify(pushText(body)));
  return Buffer.concat([Buffer.from(`{"receivedAt":"${receivedAt}","body":`), value, Buffer.from('}\n')]);
}

const [newline, carriageReturn, byteOrderMark] = [0x0a, 0x0d, 0xef];

/** Reports whether a body of valid JSON can be embedded in a line unchanged. */
function isOneLineJson(body: Buffer): boolean {
  return !body.includes(newline) && !body.includes(carriageReturn) && body[0] !== byteOrderMark && isUtf8(body);
}

function add(state: State, body: Buffer): void {
  const receivedAt = new Date(state.options.clock.now()).toISOString();
  const line = archivedLine(body, receivedAt);
  if (state.queuedBytes + line.length > maxQueuedBytes) {
    countLost(state, 1, `more than ${maxQueuedBytes} bytes wait to be written`);
    return;
  }
  state.queue.push({ day: receivedAt.slice(0, 10), line });
  state.queuedBytes += line.length;
  if (state.queuedBytes >= chunkBytes) void write(state);
}

async function run(state: State, signal: AbortSignal): Promise<void> {
  const { clock, log } = state.options;
  const remove = (): Promise<void> => removeOld(state.options);
  await remove().catch((error: Error) => log.warn({ reason: error.message }, 'old days of the archive stay'));
  await Promise.all([
    schedule('write the archive', () => write(state), { everyMs: writeEveryMs, clock, log, signal }),
    schedule('remove old days of the archive', remove, { everyMs: removeEveryMs, clock, log, signal }),
  ]);
  await write(state);
}

async function removeOld({ directory, days, clock, log }: ArchiveOptions): Promise<void> {
  makeDirectory(directory, 0o700);
  const removed = await removeOldDays(directory, days, clock.now());
  if (removed.length > 0) log.info({ removed }, 'old days of the archive removed');
}

/** Writes the queue, one writer at a time. Never rejects. */
function write(state: State): Promise<void> {
  state.writing ??= writeQueue(state).finally(() => void (state.writing = undefined));
  return state.writing;
}

async function writeQueue(state: State): Promise<void> {
  while (state.queue.length > 0) {
    const day = state.queue[0]?.day ?? '';
    const lines = state.queue.filter((each) => each.day === day).map(({ line }) => line);
    state.queue = state.queue.filter((each) => each.day !== day);
    try {
      await writeChunk(state, day, Buffer.concat(lines));
      countArchived(state, lines.length);
    } catch (error) {
      countLost(state, lines.length, (error as Error).message);
    }
    state.queuedBytes -= lines.reduce((sum, line) => sum + line.length, 0);
  }
}

async function writeChunk(state: State, day: string, text: Buffer): Promise<void> {
  const { last } = state;
  const { directory, log, freeBytes = freeBytesOf } = state.options;
  makeDirectory(directory, 0o700);
  const free = await freeBytes(directory);
  if (free < minFreeBytes) throw new Error(`${directory}: expected ${minFreeBytes} bytes of free space, found ${free}`);
  const path = dayFilePath(directory, day);
  const { end, cutBytes, asideAs } = await appendMember(path, await gzipMember(text), last.day === day ? last.end : 0);
  state.last = { day, end };
  if (cutBytes > 0) log.warn({ path, cutBytes }, 'the archive ended in a torn chunk, which was cut off');
  if (asideAs !== undefined) log.warn({ path, asideAs }, 'the archive ended in something else, and was put aside');
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

function countArchived(state: State, count: number): void {
  const { archived, lost, lastError } = state.status;
  if (lastError !== undefined) state.options.log.info({ lost }, 'pushes are archived again');
  state.status = { archived: archived + count, lost, lastError: undefined };
}

function countLost(state: State, count: number, reason: string): void {
  const { status } = state;
  if (status.lastError === undefined)
    state.options.log.warn({ reason }, 'pushes are not archived; they are taken all the same');
  state.status = { ...status, lost: status.lost + count, lastError: reason };
}
