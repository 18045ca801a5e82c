// A server under load: started as a process of its own, and what the kernel says of its CPU time, its memory and what it writes.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { childrenOf, cpuMs, mainCpuMs, ownBytes, writtenBytes } from './kernel-figures.ts';

export interface Contender {
  readonly url: string;
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** From the start of the process until then. */
  readonly readyMs: number;
  /** When it was started, by performance.now. */
  readonly startedAtMs: number;
  /** CPU time of all its threads since its start, those of its workers included. */
  cpuMs(): number;
  /** Of its main thread. */
  mainCpuMs(): number;
  /** The most memory without mapped file pages that it and its workers were seen to have. */
  ownBytes(): number;
  /** What it and its workers have had written, by /proc/PID/io. */
  writtenBytes(): number;
  /** With SIGTERM it may finish what it does. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

const sampleEveryMs = 50;
/** Ended with the benchmark, however that ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** Starts a Node program that prints a line of JSON when it is ready. */
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

/** Starts any program; a line that it says has its address when it is ready. */
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

/** Both outputs are read to their ends, so that nobody waits for room in a pipe. */
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
