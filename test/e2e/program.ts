// The built program as a stranger starts it: a process of its own, spoken to over HTTP and by signals.

import type { ExecutionContext } from 'ava';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const main = new URL('../../src/main.js', import.meta.url).pathname;

export interface Program {
  readonly child: ChildProcess;
  /** Every line it has printed so far, on either stream. */
  readonly printed: string[];
  /** Resolves with the first line that fits; rejects when the program ends before. */
  line(fits: (line: string) => boolean): Promise<string>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/**
 * Starts the program; it is killed with its test.
 *
 * @param under - a command that runs it, such as strace
 */
export function program(
  t: Pick<ExecutionContext, 'teardown'>,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
): Program {
  const [command, ...all] = [...under, process.execPath, main, ...args] as [string, ...string[]];
  const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], ...env } });
  const printed: string[] = [];
  const watchers = new Set<() => void>();
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      printed.push(line);
      for (const watch of watchers) watch();
    });
  }
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    printed,
    ended,
    line: (fits) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const line = printed.find(fits);
          if (line === undefined) return;
          watchers.delete(watch);
          resolve(line);
        };
        watchers.add(watch);
        watch();
        void ended.then((code) =>
          reject(new Error(`ended with ${code} before the line was printed:\n${printed.join('\n')}`)),
        );
      }),
  };
}

export interface Bridge extends Program {
  readonly pushUrl: string;
  /** Where Backstop's listener is, if there is one. */
  readonly backstopUrl: string | undefined;
  readonly adminUrl: string;
  status(): Promise<BridgeStatus>;
  push(body: string | Buffer): Promise<number>;
}

/** What the tests look at of /healthz. */
export interface BridgeStatus {
  readonly nodes: { readonly known: number };
  readonly pushes: Readonly<Record<string, number>>;
  readonly backstop?: Readonly<Record<string, number>>;
  readonly parked: number;
  readonly sinks: readonly {
    readonly accepted: number;
    readonly rejected: number;
    readonly backlog: { readonly points: number };
    readonly lastError?: string;
  }[];
}

/** Starts the bridge on free ports and waits until it takes pushes. */
export async function bridge(
  t: Pick<ExecutionContext, 'teardown'>,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
): Promise<Bridge> {
  const started = program(
    t,
    ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-format', 'json', ...args],
    env,
    under,
  );
  const line = await started.line((one) => one.includes('"msg":"ready"'));
  // What lmdb prints of damage ends without a line's end.
  const ready = JSON.parse(line.slice(line.indexOf('{"level"'))) as {
    readonly push: string;
    readonly backstop?: string;
    readonly admin: string;
  };
  const status = async (): Promise<BridgeStatus> =>
    (await fetch(`${ready.admin}/healthz`)).json() as Promise<BridgeStatus>;
  return {
    ...started,
    pushUrl: ready.push,
    backstopUrl: ready.backstop,
    adminUrl: ready.admin,
    status,
    push: async (body) => (await fetch(ready.push, { method: 'POST', body, headers: { connection: 'close' } })).status,
  };
}

const longestMs = 90_000;

/** Asks again and again until the bridge says so; rejects with what it says when it never does. */
export async function untilStatus({ status }: Bridge, fits: (status: BridgeStatus) => boolean): Promise<BridgeStatus> {
  const untilMs = performance.now() + longestMs;
  for (;;) {
    const now = await status();
    if (fits(now)) return now;
    if (performance.now() > untilMs) throw new Error(`not within ${longestMs} ms, it says ${JSON.stringify(now)}`);
  }
}
