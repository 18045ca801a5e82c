// The bridge of the fault harness: the built program, restarted, killed, stopped and watched on one state directory.

import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bridge, bridge } from '../e2e/program.ts';
import type { Closing } from './stage.ts';

export interface BridgeProcess {
  /** Undefined while the bridge does not run. */
  pushUrl(): string | undefined;
  adminUrl(): string | undefined;
  pid(): number | undefined;
  /** Starts it, `under` a command such as strace. Resolves once it accepts pushes, with the ms until then. */
  start(env?: Readonly<Record<string, string>>, under?: readonly string[]): Promise<number>;
  /** Expects it to end by itself; resolves with the exit code. */
  endsItself(): Promise<number | string | null>;
  /** Sends SIGKILL; resolves once it has ended. */
  kill(): Promise<void>;
  /** Sends SIGTERM; resolves once it has ended. */
  stop(): Promise<{ readonly code: number | string | null; readonly ms: number }>;
  status(): Promise<Status | undefined>;
  figures(): BridgeFigures;
  /** The disk usage of the state directory. */
  diskBytes(): Promise<number>;
  /** Unexpected ends: the exit codes and the last lines. */
  unexpectedEnds(): readonly string[];
  /** The lines of the running process. */
  printed(): readonly string[];
}

/** The part of /healthz that the harness reads. */
export interface Status {
  readonly nodes: { readonly known: number; readonly failures: number };
  readonly pushes: Readonly<Record<string, number>>;
  readonly parked: number;
  readonly deadLetters: number;
  readonly access: { readonly connections: { readonly open: number } };
  readonly spool: { readonly waitingBytes: number; readonly scarcity?: string };
  readonly workers?: { readonly running: number; readonly replaced: number };
  readonly restoring: boolean;
  readonly lost: { readonly records: number; readonly points: number; readonly uncounted: number };
  readonly sinks: readonly {
    readonly accepted: number;
    readonly inFlight: number;
    readonly lastError?: string;
    readonly backlog: { readonly points: number; readonly bytes: number; readonly oldestAtMs?: number };
  }[];
}

export interface BridgeFigures {
  readonly starts: number;
  readonly deaths: number;
  readonly slowestReadyMs: number;
  /** VmRSS less RssFile. */
  readonly maxAnonymousBytes: number;
  readonly maxWaitingBytes: number;
}

export interface BridgeProcessOptions {
  readonly closing: Closing;
  readonly stateDir: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly steady: () => number;
  /** Called after SIGKILL and after an unexpected end. */
  readonly onDeath: () => void;
}

const sampleEveryMs = 100;

export function bridgeProcess(options: BridgeProcessOptions): BridgeProcess {
  const { closing, stateDir, steady, onDeath } = options;
  const figures = { starts: 0, deaths: 0, slowestReadyMs: 0, maxAnonymousBytes: 0, maxWaitingBytes: 0 };
  const unexpectedEnds: string[] = [];
  const expectedEnds = new WeakSet<Bridge>();
  let running: Bridge | undefined;
  let isOver = false;

  async function watch(one: Bridge): Promise<void> {
    while (running === one && !isOver) {
      figures.maxAnonymousBytes = Math.max(figures.maxAnonymousBytes, anonymousBytes(one.child.pid ?? 0));
      await pause(sampleEveryMs);
    }
  }
  async function noteEnd(one: Bridge): Promise<void> {
    const code = await one.ended;
    if (expectedEnds.has(one) || isOver) return;
    unexpectedEnds.push(`${code}: ${one.printed.slice(-3).join(' | ')}`);
    onDeath();
    if (running === one) running = undefined;
  }
  async function status(): Promise<Status | undefined> {
    try {
      const now = (await running?.status()) as Status | undefined;
      figures.maxWaitingBytes = Math.max(figures.maxWaitingBytes, now?.spool.waitingBytes ?? 0);
      return now;
    } catch {
      return undefined;
    }
  }
  async function end(signal: NodeJS.Signals): Promise<number | string | null> {
    const one = running;
    if (one === undefined) return null;
    expectedEnds.add(one);
    one.child.kill(signal);
    if (signal === 'SIGKILL') running = undefined;
    const code = await one.ended;
    running = undefined;
    return code;
  }
  closing.teardown(() => void (isOver = true));
  return {
    pushUrl: () => running?.pushUrl,
    adminUrl: () => running?.adminUrl,
    pid: () => running?.child.pid,
    async start(env = {}, under = []) {
      const fromMs = steady();
      running = await bridge(closing, ['--state-dir', stateDir, ...options.args], { ...options.env, ...env }, under);
      const readyMs = steady() - fromMs;
      figures.starts += 1;
      figures.slowestReadyMs = Math.max(figures.slowestReadyMs, readyMs);
      void watch(running);
      void noteEnd(running);
      return readyMs;
    },
    async endsItself() {
      if (running === undefined) return null;
      const one = running;
      expectedEnds.add(one);
      const code = await one.ended;
      onDeath();
      running = undefined;
      return code;
    },
    async kill() {
      figures.deaths += 1;
      onDeath();
      await end('SIGKILL');
      onDeath();
    },
    async stop() {
      const fromMs = steady();
      return { code: await end('SIGTERM'), ms: steady() - fromMs };
    },
    status,
    figures: () => figures,
    diskBytes: () => bytesBelow(stateDir),
    unexpectedEnds: () => unexpectedEnds,
    printed: () => running?.printed ?? [],
  };
}

/** Returns the memory of a process without mapped files; 0 if it has ended. */
function anonymousBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return (kilobytes('VmRSS') - kilobytes('RssFile')) * 1024;
  } catch {
    return 0;
  }
}

async function bytesBelow(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += await bytesBelow(path);
    else bytes += (await stat(path).catch(() => ({ blocks: 0 }))).blocks * 512;
  }
  return bytes;
}
