// A server under load: started as a process of its own, and what the kernel says of its CPU time and memory.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Contender {
  readonly url: string;
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** From the start of the process until then. */
  readonly readyMs: number;
  /** CPU time of all its threads since its start, those of its workers included. */
  cpuMs(): number;
  /** The same without its workers. */
  ownerCpuMs(): number;
  /** The most memory without mapped file pages that it and its workers were seen to have. */
  ownBytes(): number;
  /** With SIGTERM it may finish what it does. */
  stop(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** By /proc; a tick of the clock is 10 ms on Linux. */
const msATick = 10;
const sampleEveryMs = 50;

/** Starts a Node program that prints a line of JSON when it is ready. */
export async function contender(args: readonly string[], urlOf: (ready: Record<string, string>) => string | undefined): Promise<Contender> {
  const fromMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } });
  const ended = once(child, 'exit');
  const { pid = 0 } = child;
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  void ended.then(() => process.off('exit', end));
  const ready = await Promise.any([child.stdout, child.stderr].map((output) => readyLine(output, urlOf)));
  const readyMs = performance.now() - fromMs;
  let mostBytes = 0;
  const workers = childrenOf(pid);
  const sum = (of: (pid: number) => number): number => [pid, ...workers].reduce((total, one) => total + of(one), 0);
  const sampling = setInterval(() => (mostBytes = Math.max(mostBytes, sum(ownBytes))), sampleEveryMs);
  return {
    url: urlOf(ready) as string,
    ready,
    readyMs,
    cpuMs: () => sum(cpuMs),
    ownerCpuMs: () => cpuMs(pid),
    ownBytes: () => Math.max(mostBytes, sum(ownBytes)),
    async stop(signal = 'SIGKILL') {
      clearInterval(sampling);
      child.kill(signal);
      await ended;
    },
  };
}

async function readyLine(output: NodeJS.ReadableStream, urlOf: (ready: Record<string, string>) => string | undefined): Promise<Record<string, string>> {
  const lines = createInterface({ input: output });
  let last = 'nothing';
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      last = line;
      const said = line.startsWith('{') ? (JSON.parse(line) as Record<string, string>) : {};
      if (urlOf(said) !== undefined) resolve(said);
    });
    lines.on('close', () => reject(new Error(`it ended before it was ready, and said last: ${last}`)));
  });
}

/** The workers of a bridge that is ready. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  return text.split(' ').filter((word) => word !== '').map(Number);
}

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msATick;
}

function ownBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return (kilobytes('VmRSS') - kilobytes('RssFile')) * 1024;
}
