#!/usr/bin/env node
// The process: arguments, environment, streams, signals and the exit code; the only file that touches it.

import cluster, { type Worker } from 'node:cluster';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Duplex } from 'node:stream';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Worker as Thread } from 'node:worker_threads';
import { systemClock } from './runtime/clock.ts';
import type { OutletThread, ThreadStart } from './outlet/thread/messages.ts';
import { outletThreadOf } from './outlet/thread/worker-thread.ts';
import type { ProcessStats } from './telemetry/process-stats.ts';
import type { WorkerEnd, WorkerProcess } from './workers/worker-process.ts';

// While a backlog drains, most of the heap is points that have arrived. V8 would let it grow to three times what is in use.
setFlagsFromString('--heap-growing-percent=50');

const stop = new AbortController();
const hurry = new AbortController();

const signals = ['SIGTERM', 'SIGINT'] as const;

/** The first signal stops, the second one hurries, a third one kills. */
function onSignal(): void {
  if (!stop.signal.aborted) return stop.abort();
  hurry.abort();
  for (const name of signals) process.off(name, onSignal);
}
/** Whether it takes requests for another process of this program. */
const isWorker = cluster.isWorker && process.argv[2] === 'worker';

// A terminal sends them to workers as well, which their owner directs.
for (const name of signals) process.on(name, isWorker ? () => {} : onSignal);

/** A terminal that closes sends SIGHUP as well, and is none any more by then. */
const hasTerminal = process.stderr.isTTY;
/** What comes before anybody has said what it is to do waits for that. */
let isHungUp = false;
let hangup = (): void => void (isHungUp = true);
function hangupDoes(listener: () => void): void {
  hangup = listener;
  if (isHungUp) listener();
}
process.on('SIGHUP', () => (hasTerminal && !isWorker && !isatty(process.stderr.fd) ? onSignal() : hangup()));

// Whoever read along has gone: `nodes list | head` is no error.
process.stdout.on('error', () => stop.abort());
process.stderr.on('error', () => {});

process.on('uncaughtException', (error: unknown) => {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error: ${words.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(70);
});

/** After sysexits: the disk fails. */
const ioError = 74;

const lagResolutionMs = 20;

/** What Node measures includes the pause between two measurements. */
function vitals(): ProcessStats {
  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  const lateMs = (ns: number): number => (lag.count === 0 ? 0 : Math.max(0, ns / 1e6 - lagResolutionMs));
  lag.enable();
  return {
    startedAtMs: performance.timeOrigin,
    memory() {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
      return { residentBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external };
    },
    cpuSeconds() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
    takeLag() {
      const seen = { meanMs: lateMs(lag.mean), p99Ms: lateMs(lag.percentile(99)), maxMs: lateMs(lag.max) };
      lag.reset();
      return seen;
    },
  };
}

/** The pipe between a worker and its owner, beside that of node:cluster. */
const workerPipe = 4;

/** Workers accept their connections themselves: the owner has none to pass on, and touches none. */
function startWorker(): WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: fileURLToPath(import.meta.url),
    args: ['worker'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
  });
  try {
    return forked(cluster.fork());
  } catch {
    // Without memory, say, there is no process; its place is filled later.
    return { pid: 0, channel: new Duplex().destroy(), ended: Promise.resolve({ code: null, signal: null }), kill() {} };
  }
}

function forked(worker: Worker): WorkerProcess {
  const ended = new Promise<WorkerEnd>((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => resolve({ code, signal }));
    worker.on('error', () => {
      if (worker.process.pid === undefined) resolve({ code: null, signal: null });
    });
  });
  const { pid = 0 } = worker.process;
  // One that could not be started has no pipes.
  const stdio = worker.process.stdio as readonly unknown[] | undefined;
  return {
    pid,
    channel: (stdio?.[workerPipe] as Duplex | undefined) ?? new Duplex().destroy(),
    ended,
    kill: () => void worker.process.kill('SIGKILL'),
  };
}

/** Points on their way are garbage soon: a larger young generation, of so many MiB, costs the outlets less. */
const outletYoungMb = 32;

function startOutletThread(workerData: ThreadStart): OutletThread {
  return outletThreadOf(
    new Thread(new URL('./outlet/thread/thread.js', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: outletYoungMb },
    }),
  );
}

/** node:cluster would end a worker in the moment in which its owner is gone; it has answers to give yet. */
function owner(): Duplex {
  const { worker } = cluster;
  worker?.once('disconnect', () => (worker.exitedAfterDisconnect = true));
  // It then tells an owner that is gone that it listens no more.
  worker?.on('error', () => {});
  return new Socket({ fd: workerPipe, readable: true, writable: true });
}

// Node reads in hundreds of files by `require` in half the time that `import` takes, which resolves and reads each in several turns.
const { runProgram } = createRequire(import.meta.url)('./cli/program.js') as typeof import('./cli/program.ts');
const packageFile = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(packageFile) as { readonly version: string };
const exitCode = await runProgram(process.argv.slice(2), version, {
  env: process.env,
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock(),
  random: Math.random,
  vitals,
  host: hostname(),
  pid: process.pid,
  // What another program has started as a worker of its own can start none.
  startWorker: cluster.isPrimary ? startWorker : undefined,
  startOutletThread,
  owner: isWorker ? owner : undefined,
  stop: stop.signal,
  hurry: hurry.signal,
  onHangup: hangupDoes,
  stopOnHangup: () => hangupDoes(onSignal),
});
process.exitCode = exitCode;
// What waits for a failing disk may wait for ever, and so may a worker's ties to its owner.
if (exitCode === ioError || isWorker) process.exit();
