// The process that reads the former store for this one: started, asked, and ended when it hangs. What a damaged page does to
// lmdb, it does there.

import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../../../runtime/clock.ts';
import type { Answer, Opened, Question } from './requests.ts';
import { died, LegacyStoreUnreadable, unstarted } from './unreadable.ts';

export interface ReaderOptions {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A question without its number. */
export type Asked = Question extends infer One ? (One extends Question ? Omit<One, 'id'> : never) : never;

export interface ReaderChild {
  readonly pid: number | undefined;
  readonly opened: Promise<Opened>;
  /** @throws FormerStoreUnreadable when the process ends before it answers */
  ask(asked: Asked): Promise<Answer>;
  close(): Promise<void>;
}

const program = new URL('../../../main.js', import.meta.url);
/** It says nothing for so long, and is asked: it hangs. Looked at in turns, so that a machine that slept is no reason. */
const looks = 6;
const lookMs = 10_000;
/** The first word has no number. */
const firstWord = 0;

/** Starts `former-store` on a directory. */
export function startReader(directory: string, { clock, signal }: ReaderOptions): ReaderChild {
  const child = fork(program, ['former-store', directory], { stdio: ['pipe', 'pipe', 'ignore', 'ipc'], execArgv: [] });
  const expected = expectedAnswers();
  const ended = new AbortController();
  let asked = firstWord;

  const kill = (reason?: unknown): void => {
    if (reason !== undefined) expected.endWith(reason);
    child.kill('SIGKILL');
  };
  const closed = new Promise<void>((resolve) => {
    const over = (error: unknown): void => {
      expected.endWith(error);
      ended.abort();
      expected.giveUp();
      resolve();
    };
    child.once('error', (error) => over(unstarted(directory, error)));
    child.once('close', (code, killedBy) => over(died(directory, code, killedBy, expected.silentLooks() >= looks)));
  });
  hear(child, (line) => {
    if (!expected.answer(line))
      kill(new LegacyStoreUnreadable(`spool in ${directory}: what was read of it is no JSON`));
  });
  signal.addEventListener('abort', () => kill(signal.reason), { once: true, signal: ended.signal });
  if (signal.aborted) kill(signal.reason);
  void endSilence();

  async function endSilence(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(lookMs, { signal: ended.signal }).catch(() => {});
      if (expected.look() >= looks) kill();
    }
  }
  return {
    pid: child.pid,
    opened: expected.add(firstWord) as Promise<Opened>,
    ask(one) {
      asked += 1;
      const answer = expected.add(asked) as Promise<Answer>;
      child.stdin?.write(`${JSON.stringify({ ...one, id: asked })}\n`);
      return answer;
    },
    async close() {
      kill(new Error('the former spool is closed'));
      await closed;
    },
  };
}

interface ExpectedAnswers {
  add(number: number): Promise<unknown>;
  /** Takes a line; whether it is an answer. */
  answer(line: string): boolean;
  /** Counts how often it was looked at since anything was heard, as long as anything is expected. */
  look(): number;
  silentLooks(): number;
  /** What will be told to those who wait when nothing more comes; the first reason stands. */
  endWith(reason: unknown): void;
  giveUp(): void;
}

function expectedAnswers(): ExpectedAnswers {
  const waiting = new Map<number, { resolve(line: unknown): void; reject(error: unknown): void }>();
  let end: { readonly reason: unknown } | undefined;
  let isOver = false;
  let silentLooks = 0;
  return {
    add: (number) =>
      new Promise((resolve, reject) => {
        if (isOver) return reject(end?.reason);
        if (waiting.size === 0) silentLooks = 0;
        waiting.set(number, { resolve, reject });
      }),
    answer(line) {
      silentLooks = 0;
      const answer = parsed(line);
      if (answer === undefined) return false;
      const number = answer.id ?? firstWord;
      waiting.get(number)?.resolve(answer);
      return waiting.delete(number);
    },
    look: () => (silentLooks += waiting.size > 0 ? 1 : 0),
    silentLooks: () => silentLooks,
    endWith: (reason) => void (end ??= { reason }),
    giveUp() {
      isOver = true;
      for (const { reject } of waiting.values()) reject(end?.reason);
      waiting.clear();
    },
  };
}

function parsed(line: string): { readonly id?: number } | undefined {
  try {
    return JSON.parse(line) as { readonly id?: number };
  } catch {
    return undefined;
  }
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
