// The archive of raw pushes: what was answered 200 goes, packed, into one file a UTC day, beside the pushes and never in
// their way.

import { isUtf8 } from 'node:buffer';
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { makeDirectory } from '../../../runtime/make-directory.ts';
import { schedule } from '../../../runtime/schedule.ts';
import { pushText } from '../push-body.ts';
import { appendMember, dayFilePath, removeOldDays } from './day-file.ts';
import { sealed } from './gzip-members.ts';

export interface ArchiveOptions {
  readonly directory: string;
  /** How many days' files are kept, today's included. */
  readonly days: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What the file system has free; the archive leaves 256 MiB to whatever else needs them. */
  readonly freeBytes?: (directory: string) => Promise<number>;
}

export interface ArchiveStatus {
  /** Pushes that are in a file. */
  readonly archived: number;
  /** Pushes that went into none. */
  readonly lost: number;
  /** Why the last chunk was not written; undefined while all is well. */
  readonly lastError: string | undefined;
}

export interface Archive {
  /** Takes a push that was answered 200. Never throws, never waits. */
  keep(body: Buffer): void;
  /** Writes every other second, and removes old days, until the signal; then writes what is left. */
  run(signal: AbortSignal): Promise<void>;
  status(): ArchiveStatus;
}

const writeEveryMs = 2000;
const tidyEveryMs = 3_600_000;
/** A chunk is written as soon as there are so many bytes, before they are packed. */
const chunkBytes = 256 * 1024;
/** With a disk that is too slow for more, pushes are not archived. */
const maxWaitingBytes = 8 * 2 ** 20;
const minFreeBytes = 256 * 2 ** 20;

interface Waiting {
  /** Such as 2026-11-18. */
  readonly day: string;
  readonly line: Buffer;
}

interface State extends ArchiveOptions {
  waiting: Waiting[];
  waitingBytes: number;
  /** The file that was written last, and where it ends. */
  last: { readonly day: string; readonly end: number };
  writing: Promise<void> | undefined;
  archived: number;
  lost: number;
  lastError: string | undefined;
}

/** The archive in a directory, which is made where it is missing. */
export function pushArchive(options: ArchiveOptions): Archive {
  const last = { day: '', end: 0 };
  const state: State = {
    ...options,
    waiting: [],
    waitingBytes: 0,
    last,
    writing: undefined,
    archived: 0,
    lost: 0,
    lastError: undefined,
  };
  return {
    keep: (body) => keep(state, body),
    run: (signal) => run(state, signal),
    status: () => ({ archived: state.archived, lost: state.lost, lastError: state.lastError }),
  };
}

/** A push as it stands in the archive. */
export function archivedLine(body: Buffer, receivedAt: string): Buffer {
  const value = isJsonOfOneLine(body) ? body : Buffer.from(JSON.stringify(pushText(body)));
  return Buffer.concat([Buffer.from(`{"receivedAt":"${receivedAt}","body":`), value, Buffer.from('}\n')]);
}

const [newline, carriageReturn, byteOrderMark] = [0x0a, 0x0d, 0xef];

/** It has been parsed; it must not break a line, nor begin with a mark that no JSON may hold. */
function isJsonOfOneLine(body: Buffer): boolean {
  return !body.includes(newline) && !body.includes(carriageReturn) && body[0] !== byteOrderMark && isUtf8(body);
}

function keep(state: State, body: Buffer): void {
  const receivedAt = new Date(state.clock.now()).toISOString();
  const line = archivedLine(body, receivedAt);
  if (state.waitingBytes + line.length > maxWaitingBytes) {
    lose(state, 1, `more than ${maxWaitingBytes} bytes wait to be written`);
    return;
  }
  state.waiting.push({ day: receivedAt.slice(0, 10), line });
  state.waitingBytes += line.length;
  if (state.waitingBytes >= chunkBytes) void write(state);
}

async function run(state: State, signal: AbortSignal): Promise<void> {
  const { clock, log } = state;
  const tidy = (): Promise<void> => removeOld(state);
  await tidy().catch((error: Error) => log.warn({ reason: error.message }, 'old days of the archive stay'));
  await Promise.all([
    schedule('write the archive', () => write(state), { everyMs: writeEveryMs, clock, log, signal }),
    schedule('remove old days of the archive', tidy, { everyMs: tidyEveryMs, clock, log, signal }),
  ]);
  await write(state);
}

async function removeOld({ directory, days, clock, log }: State): Promise<void> {
  makeDirectory(directory, 0o700);
  const removed = await removeOldDays(directory, days, clock.now());
  if (removed.length > 0) log.info({ removed }, 'old days of the archive removed');
}

/** Writes all that waits; one at a time, and never rejects. */
function write(state: State): Promise<void> {
  state.writing ??= writeWaiting(state).finally(() => void (state.writing = undefined));
  return state.writing;
}

async function writeWaiting(state: State): Promise<void> {
  while (state.waiting.length > 0) {
    const day = state.waiting[0]?.day ?? '';
    const lines = state.waiting.filter((each) => each.day === day).map(({ line }) => line);
    state.waiting = state.waiting.filter((each) => each.day !== day);
    try {
      await writeChunk(state, day, Buffer.concat(lines));
      goesOn(state, lines.length);
    } catch (error) {
      lose(state, lines.length, (error as Error).message);
    }
    state.waitingBytes -= lines.reduce((sum, line) => sum + line.length, 0);
  }
}

async function writeChunk(state: State, day: string, text: Buffer): Promise<void> {
  const { directory, log, last, freeBytes = freeBytesIn } = state;
  makeDirectory(directory, 0o700);
  const free = await freeBytes(directory);
  if (free < minFreeBytes) throw new Error(`${directory}: expected ${minFreeBytes} bytes of free space, found ${free}`);
  const path = dayFilePath(directory, day);
  const { end, cutBytes, asideAs } = await appendMember(path, await sealed(text), last.day === day ? last.end : 0);
  state.last = { day, end };
  if (cutBytes > 0) log.warn({ path, cutBytes }, 'the archive ended in a torn chunk, which was cut off');
  if (asideAs !== undefined) log.warn({ path, asideAs }, 'the archive ended in something else, and was put aside');
}

async function freeBytesIn(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

function goesOn(state: State, archived: number): void {
  state.archived += archived;
  if (state.lastError !== undefined) state.log.info({ lost: state.lost }, 'pushes are archived again');
  state.lastError = undefined;
}

function lose(state: State, count: number, reason: string): void {
  state.lost += count;
  if (state.lastError === undefined) state.log.warn({ reason }, 'pushes are not archived; they are taken all the same');
  state.lastError = reason;
}
