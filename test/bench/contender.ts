// Starts a server in a process of its own, and reads its CPU time, memory and written bytes from the kernel.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { childrenOf, cpuMs, mainCpuMs, ownBytes, writtenBytes } from './kernel-figures.ts';

export interface Contender {
  readonly url: string;
  /** Its ready line. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** From the start of the process to its ready line. */
  readonly readyMs: number;
  /** By performance.now. */
  readonly startedAtMs: number;
  /** The CPU time of all threads, workers included. */
  cpuMs(): number;
  /** Of its main thread. */
  mainCpuMs(): number;
  /** The peak memory without mapped files, workers included. */
  ownBytes(): number;
  /** The written bytes of /proc/PID/io, workers included. */
  writtenBytes(): number;
  /** SIGTERM lets it finish its work. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

const sampleEveryMs = 50;
/** Killed at the end of the benchmark. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts a Node program, whose ready line is JSON. */
export function contender(
  args: readonly string[],
  urlOf: (ready: Record<string, string>) => string | undefined,
): Promise<Contender> {
  return startContender(process.execPath, args, (line) => {
    const ready = line.startsWith('{') ? (JSON.parse(line) as Record<string, string>) : {};
    const url = urlOf(ready);
    return url === undefined ? undefined : { url, ready };
  });
}

/** Starts any program, whose ready line has its address. */
export async function startContender(command: string, args: readonly string[], readyIn: ReadyIn): Promise<Contender> {
  const startedAtMs = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } });
  const ended = once(child, 'exit');
  const { pid = 0 } = child;
  running.add(child);
  void ended.then(() => running.delete(child));
  const { url, ready } = await readyLine([child.stdout, child.stderr], readyIn);
  const readyMs = performance.now() - startedAtMs;
  let mostBytes = 0;
  const workers = childrenOf(pid);
  const sum = (of: (pid: number) => number): number => [pid, ...workers].reduce((total, one) => total + of(one), 0);
  const sampling = setInterval(() => (mostBytes = Math.max(mostBytes, sum(ownBytes))), sampleEveryMs);
  return {
    url,
    ready,
    readyMs,
    startedAtMs,
    cpuMs: () => sum(cpuMs),
    mainCpuMs: () => mainCpuMs(pid),
    ownBytes: () => Math.max(mostBytes, sum(ownBytes)),
    writtenBytes: () => sum(writtenBytes),
    async stop(signal = 'SIGKILL') {
      clearInterval(sampling);
      child.kill(signal);
      await ended;
    },
  };
}

type ReadyIn = (
  line: string,
) => { readonly url: string; readonly ready: Readonly<Record<string, unknown>> } | undefined;

/** Reads both outputs to their ends, so that no pipe fills up. */
function readyLine(
  outputs: readonly NodeJS.ReadableStream[],
  readyIn: ReadyIn,
): Promise<NonNullable<ReturnType<ReadyIn>>> {
  return new Promise((resolve, reject) => {
    let [last, open] = ['nothing', outputs.length];
    for (const output of outputs) {
      const lines = createInterface({ input: output });
      lines.on('line', (line) => {
        last = line;
        const found = readyIn(line);
        if (found !== undefined) resolve(found);
      });
      lines.on('close', () => {
        open -= 1;
        if (open === 0) reject(new Error(`it ended before it was ready, and said last: ${last}`));
      });
    }
  });
}
