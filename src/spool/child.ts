// A process of our own program that works on a store which may end it: what a damaged page does to lmdb, it does there.

import { fork } from 'node:child_process';
import type { Clock } from '../clock.ts';

export interface ChildOptions {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What a child has to say; see commands/spool-work.ts. */
export interface Child {
  /** The lines that it writes, until it ends. */
  readonly lines: AsyncIterable<string>;
  /** How it ended; undefined: as it should. */
  readonly death: Promise<Death | undefined>;
}

export interface Death {
  /** The signal, or the exit code. */
  readonly words: string;
  readonly exitCode?: number | undefined;
}

const program = new URL('../main.js', import.meta.url);
/** A child that says nothing for so long hangs: a damaged tree can lead in a circle. */
const maxSilenceMs = 60_000;
const looksAnInterval = 6;

/** Starts `spool-work` with these arguments. */
export function startChild(args: readonly string[], { clock, signal }: ChildOptions): Child {
  const child = fork(program, ['spool-work', ...args], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'], execArgv: [] });
  const kill = (): void => void child.kill('SIGKILL');
  const ended = new AbortController();
  let heardAtMs = clock.steady();
  signal.addEventListener('abort', kill, { once: true, signal: ended.signal });
  if (signal.aborted) kill();
  const death = new Promise<Death | undefined>((resolve) => {
    child.once('error', (error) => resolve({ words: error.message }));
    child.once('close', (code, killedBy) => {
      resolve(code === 0 ? undefined : { words: killedBy ?? `exit code ${code}`, exitCode: code ?? undefined });
    });
  }).finally(() => ended.abort());
  void endSilence();

  async function endSilence(): Promise<void> {
    while (!ended.signal.aborted) {
      await clock.sleep(maxSilenceMs / looksAnInterval, { signal: ended.signal }).catch(() => {});
      if (clock.steady() - heardAtMs > maxSilenceMs) kill();
    }
  }

  async function* heard(): AsyncGenerator<string> {
    for await (const line of wholeLines(child.stdout as NodeJS.ReadableStream)) {
      heardAtMs = clock.steady();
      yield line;
      heardAtMs = clock.steady();
    }
  }
  return { lines: heard(), death };
}

/** Without the last one of a child that died over it. */
async function* wholeLines(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
}
