// The built program in a process of its own, controlled over HTTP and by signals.

import type { ExecutionContext } from 'ava';
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from '../fakes/directory.ts';
import { nodesFile } from './golden.ts';

const main = new URL('../../src/main.js', import.meta.url).pathname;

type Environment = Readonly<Record<string, string>>;

export interface Program {
  readonly child: ChildProcess;
  /** The lines printed so far, on either stream. */
  readonly printed: string[];
  /** Resolves with the first matching line; rejects if the program ends before. */
  line(matches: (line: string) => boolean): Promise<string>;
  /** Resolves with the exit code, or the signal that killed the program. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/**
 * Starts the program, and kills it after the test.
 *
 * @param under - a command that runs it, such as strace
 */
export function program(
  t: Pick<ExecutionContext, 'teardown'>,
  args: readonly string[],
  env: Environment = {},
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
    line: (matches) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          const line = printed.find(matches);
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

/** Runs a command to its end. */
export async function commandOutcome(
  t: Pick<ExecutionContext, 'teardown'>,
  ...args: readonly string[]
): Promise<{ readonly exitCode: unknown; readonly lines: readonly string[] }> {
  const { ended, printed } = program(t, args);
  return { exitCode: await ended, lines: printed };
}

export interface Bridge extends Program {
  readonly pushUrl: string;
  /** Undefined without Backstop's listener. */
  readonly backstopUrl: string | undefined;
  readonly adminUrl: string;
  status(): Promise<BridgeStatus>;
  push(body: string | Buffer): Promise<number>;
  /** Sends SIGTERM, and resolves with the exit code. */
  stop(): Program['ended'];
}

/** The part of /healthz that tests read. */
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

/** Starts the bridge on free ports, and resolves once it accepts pushes. */
export async function bridge(
  t: Pick<ExecutionContext, 'teardown'>,
  args: readonly string[],
  env: Environment = {},
  under: readonly string[] = [],
): Promise<Bridge> {
  const started = program(
    t,
    ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-format', 'json', ...args],
    env,
    under,
  );
  const line = await started.line((one) => one.includes('"msg":"ready"'));
  // lmdb's messages about damage end without a newline.
  const ready = JSON.parse(line.slice(line.indexOf('{"level"'))) as {
    readonly push: string;
    readonly backstop?: string;
    readonly admin: string;
  };
  return {
    ...started,
    pushUrl: ready.push,
    backstopUrl: ready.backstop,
    adminUrl: ready.admin,
    status: async () => (await fetch(`${ready.admin}/healthz`)).json() as Promise<BridgeStatus>,
    push: async (body) => (await fetch(ready.push, { method: 'POST', body, headers: { connection: 'close' } })).status,
    async stop() {
      started.child.kill('SIGTERM');
      return started.ended;
    },
  };
}

/** An OpenTSDB at which nothing listens. */
export const unreachableTsdb = ['-t', '127.0.0.1:1'] as const;

/** The options of a bridge with the golden nodes and a state directory of its own. */
export async function nodesAndState(t: ExecutionContext, stateDir?: string): Promise<string[]> {
  return ['--nodes-file', nodesFile, '--state-dir', stateDir ?? (await temporaryDirectory(t))];
}

const timeoutMs = 90_000;

/** Polls the status until it matches; rejects with the last one after a timeout. */
export async function untilStatus<S extends BridgeStatus>(
  { status }: Bridge,
  matches: (status: S) => boolean,
): Promise<S> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const now = (await status()) as S;
    if (matches(now)) return now;
    if (performance.now() > untilMs)
      throw new Error(`not within ${timeoutMs} ms; the status is ${JSON.stringify(now)}`);
  }
}

export const untilNodes = (one: Bridge): Promise<BridgeStatus> => untilStatus(one, ({ nodes }) => nodes.known > 0);

/** Resolves once no sink has a backlog. */
export const untilDelivered = (one: Bridge): Promise<BridgeStatus> =>
  untilStatus(one, ({ sinks }) => sinks.every(({ backlog }) => backlog.points === 0));
