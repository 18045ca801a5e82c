// The process that reads the former store for this one: started, asked, and ended when it hangs. What a damaged page does to
// lmdb, it does there.

import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../../clock.ts';
import type { Answer, Opened, Question } from './questions.ts';

/** A former store that cannot be read, or not any further. */
export class FormerStoreUnreadable extends Error {
  override readonly name = 'FormerStoreUnreadable';
  /** After sysexits, where something else than damage is in the way. */
  readonly exitCode: number | undefined;
  /** That has ended the process which read it. */
  readonly endedBy: string | undefined;
  /** Whether the store is to be set aside; not where it is of another version, the disk is full, or somebody has ended the process. */
  readonly isDamaged: boolean;
  constructor(words: string, { exitCode, endedBy }: { readonly exitCode?: number | undefined; readonly endedBy?: string | undefined } = {}) {
    super(words);
    this.exitCode = exitCode;
    this.endedBy = endedBy;
    this.isDamaged = exitCode === undefined && !endedByOthers.some((signal) => signal === endedBy);
  }
}

/** What the system and people end a process with, for reasons that are not the store's. */
const endedByOthers = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

export interface ReadingOptions {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A question without its number. */
export type Asked = Question extends infer One ? (One extends Question ? Omit<One, 'id'> : never) : never;

export interface ReadingProcess {
  readonly pid: number | undefined;
  readonly opened: Promise<Opened>;
  /** @throws FormerStoreUnreadable when the process ends before it answers */
  ask(asked: Asked): Promise<Answer>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(line: unknown): void;
  reject(error: unknown): void;
}

const program = new URL('../../main.js', import.meta.url);
/** It says nothing for so long, and is asked: it hangs. Looked at in turns, so that a machine that slept is no reason. */
const looks = 6;
const lookMs = 10_000;
/** The first word has no number. */
const firstWord = 0;

/** Starts `former-store` on a directory. */
export function startReading(directory: string, { clock, signal }: ReadingOptions): ReadingProcess {
  const child = fork(program, ['former-store', directory], { stdio: ['pipe', 'pipe', 'ignore', 'ipc'], execArgv: [] });
  const waiting = new Map<number, Waiting>();
  const ended = new AbortController();
  let end: { readonly error: unknown } | undefined;
  let silentLooks = 0;
  let asked = firstWord;

  const closed = new Promise<void>((resolve) => {
    const over = (error: unknown): void => {
      end ??= { error: signal.aborted ? signal.reason : error };
      for (const { reject } of waiting.values()) reject(end.error);
      waiting.clear();
      ended.abort();
      resolve();
    };
    child.once('error', (error) => over(new FormerStoreUnreadable(`the former spool: ${error.message}`, { exitCode: osError })));
    child.once('close', (code, killedBy) => over(deathOf(directory, code, killedBy, silentLooks >= looks)));
  });
  function answerTo(number: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (end !== undefined) return reject(end.error as Error);
      if (waiting.size === 0) silentLooks = 0;
      waiting.set(number, { resolve, reject });
    });
  }
  hear(child, (text) => {
    silentLooks = 0;
    const line = parsed(text);
    if (line === undefined) {
      end ??= { error: new FormerStoreUnreadable(`spool in ${directory}: what was read is no JSON`) };
      return void child.kill('SIGKILL');
    }
    waiting.get(line.id ?? firstWord)?.resolve(line);
    waiting.delete(line.id ?? firstWord);
  });
  async function endSilence(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(lookMs, { signal: ended.signal }).catch(() => {});
      if (waiting.size > 0) silentLooks += 1;
      if (silentLooks >= looks) child.kill('SIGKILL');
    }
  }
  void endSilence();
  endedWith(child, signal, ended.signal);
  const opened = answerTo(firstWord) as Promise<Opened>;
  return {
    pid: child.pid,
    opened,
    ask(one) {
      asked += 1;
      const answer = answerTo(asked) as Promise<Answer>;
      if (end === undefined) child.stdin?.write(`${JSON.stringify({ ...one, id: asked })}\n`);
      return answer;
    },
    async close() {
      end ??= { error: new Error('the former spool is closed') };
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** After sysexits: the system could not start it; it has failed of itself. */
const osError = 71;
const softwareError = 70;

function deathOf(directory: string, code: number | null, killedBy: string | null, isSilent: boolean): FormerStoreUnreadable {
  if (isSilent) return new FormerStoreUnreadable(`spool in ${directory}: reading it came to no end`);
  const words = `spool in ${directory}: reading it ended the process (${killedBy ?? `exit code ${code}`})`;
  return new FormerStoreUnreadable(words, { endedBy: killedBy ?? undefined, exitCode: code === null ? undefined : code || softwareError });
}

/** The lines that the process writes; without the last one of a process that died over it. */
function hear(child: ChildProcess, tell: (line: string) => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = chunk.split('\n');
    lines[0] = `${rest}${lines[0]}`;
    rest = lines.pop() as string;
    for (const line of lines) tell(line);
  });
  // It has ended; how, is told when it has.
  child.stdin?.on('error', () => {});
}

function parsed(line: string): { readonly id?: number } | undefined {
  try {
    return JSON.parse(line) as { readonly id?: number };
  } catch {
    return undefined;
  }
}

function endedWith(child: ChildProcess, signal: AbortSignal, ended: AbortSignal): void {
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true, signal: ended });
  if (signal.aborted) kill();
}
