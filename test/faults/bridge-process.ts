// The bridge as the fault harness has it: the built program, started again and again over one state directory, killed,
// stopped and watched.

import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bridge, bridge } from '../e2e/program.ts';
import type { Closing } from './stage.ts';

export interface BridgeProcess {
  /** Where pushes go now; undefined while it is not there. */
  pushUrl(): string | undefined;
  adminUrl(): string | undefined;
  pid(): number | undefined;
  /** Starts it, under a command such as strace if one is given, and waits until it takes pushes; ms until then. */
  start(env?: Readonly<Record<string, string>>, under?: readonly string[]): Promise<number>;
  /** Resolves when it has ended by itself, which is then no fault: the exit code. */
  endsItself(): Promise<number | string | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; the exit code, and how long it took in ms. */
  stop(): Promise<{ readonly code: number | string | null; readonly ms: number }>;
  status(): Promise<Status | undefined>;
  figures(): BridgeFigures;
  /** What the state directory takes up on disk. */
  diskBytes(): Promise<number>;
  /** How it ended when nobody had asked it to, and what it said last. */
  unaskedEnds(): readonly string[];
  /** What the one that runs has printed. */
  printed(): readonly string[];
}

/** What is looked at of /healthz. */
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
  /** VmRSS less RssFile, the most that was seen. */
  readonly mostOwnBytes: number;
  readonly mostWaitingBytes: number;
}

export interface BridgeProcessOptions {
  readonly closing: Closing;
  readonly stateDir: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly steady: () => number;
  /** Told when it has died by SIGKILL, or otherwise unasked. */
  readonly onDeath: () => void;
}

const sampleEveryMs = 100;

export function bridgeProcess(options: BridgeProcessOptions): BridgeProcess {
  const { closing, stateDir, steady, onDeath } = options;
  const figures = { starts: 0, deaths: 0, slowestReadyMs: 0, mostOwnBytes: 0, mostWaitingBytes: 0 };
  const unaskedEnds: string[] = [];
  const asked = new WeakSet<Bridge>();
  let running: Bridge | undefined;
  let isOver = false;

  async function watch(one: Bridge): Promise<void> {
    while (running === one && !isOver) {
      figures.mostOwnBytes = Math.max(figures.mostOwnBytes, ownBytes(one.child.pid ?? 0));
      await pause(sampleEveryMs);
    }
  }
  async function noteEnd(one: Bridge): Promise<void> {
    const code = await one.ended;
    if (asked.has(one) || isOver) return;
    unaskedEnds.push(`${code}: ${one.printed.slice(-3).join(' | ')}`);
    onDeath();
    if (running === one) running = undefined;
  }
  async function status(): Promise<Status | undefined> {
    try {
      const now = (await running?.status()) as Status | undefined;
      figures.mostWaitingBytes = Math.max(figures.mostWaitingBytes, now?.spool.waitingBytes ?? 0);
      return now;
    } catch {
      return undefined;
    }
  }
  async function end(signal: NodeJS.Signals): Promise<number | string | null> {
    const one = running;
    if (one === undefined) return null;
    asked.add(one);
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
      asked.add(one);
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
    unaskedEnds: () => unaskedEnds,
    printed: () => running?.printed ?? [],
  };
}

/** Memory of a process without mapped file pages; 0 when there is no such process any more. */
function ownBytes(pid: number): number {
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
