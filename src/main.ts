#!/usr/bin/env node
// The entry point, and the only file that touches the process: arguments, environment, streams, signals, exit code.

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
import type { WorkerExit, WorkerProcess } from './workers/worker-process.ts';

// While a backlog drains, most of the heap is delivered points. V8 would let it grow to three times the live size.
setFlagsFromString('--heap-growing-percent=50');

const stop = new AbortController();
const hurry = new AbortController();

const signals = ['SIGTERM', 'SIGINT'] as const;

/** The first signal stops the process, the second one cuts what it waits for, a third one kills it. */
function onSignal(): void {
  if (!stop.signal.aborted) return stop.abort();
  hurry.abort();
  for (const name of signals) process.off(name, onSignal);
}
/** A worker takes requests for another process of this program, its owner. */
const isWorker = cluster.isWorker && process.argv[2] === 'worker';

// A terminal sends signals to workers too. They ignore them, because their owner stops them.
for (const name of signals) process.on(name, isWorker ? () => {} : onSignal);

/** Distinguishes a SIGHUP of a closing terminal from one for a reload. After a close stderr is no longer a terminal. */
const hasTerminal = process.stderr.isTTY;
/** A SIGHUP that arrives before the command has set its listener is delivered to that listener. */
let isHungUp = false;
let hangup = (): void => void (isHungUp = true);
function onHangup(listener: () => void): void {
  hangup = listener;
  if (isHungUp) listener();
}
process.on('SIGHUP', () => (hasTerminal && !isWorker && !isatty(process.stderr.fd) ? onSignal() : hangup()));

// A reader that stops reading, as in `nodes list | head`, is not an error.
process.stdout.on('error', () => stop.abort());
process.stderr.on('error', () => {});

process.on('uncaughtException', (error: unknown) => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error: ${text.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(70);
});

/** EX_IOERR of sysexits: the disk fails. */
const ioError = 74;

const lagResolutionMs = 20;

/** Node's delay includes the sampling interval, which is subtracted. */
function watchProcess(): ProcessStats {
  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
  const delayMs = (ns: number): number => (lag.count === 0 ? 0 : Math.max(0, ns / 1e6 - lagResolutionMs));
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
      const taken = { meanMs: delayMs(lag.mean), p99Ms: delayMs(lag.percentile(99)), maxMs: delayMs(lag.max) };
      lag.reset();
      return taken;
    },
  };
}

/** The descriptor of the pipe between a worker and its owner, beside that of node:cluster. */
const workerPipe = 4;

/** SCHED_NONE: workers accept connections themselves, so the owner never handles one. */
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
    // Without memory, say, the fork fails. The pool gets a process that has ended, and replaces it.
    return { pid: 0, channel: new Duplex().destroy(), ended: Promise.resolve({ code: null, signal: null }), kill() {} };
  }
}

function forked(worker: Worker): WorkerProcess {
  const ended = new Promise<WorkerExit>((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => resolve({ code, signal }));
    worker.on('error', () => {
      if (worker.process.pid === undefined) resolve({ code: null, signal: null });
    });
  });
  const { pid = 0 } = worker.process;
  // A process that could not be started has no pipes.
  const stdio = worker.process.stdio as readonly unknown[] | undefined;
  return {
    pid,
    channel: (stdio?.[workerPipe] as Duplex | undefined) ?? new Duplex().destroy(),
    ended,
    kill: () => void worker.process.kill('SIGKILL'),
  };
}

/** MiB. Points in flight are soon garbage, so a larger young generation saves the outlets time. */
const outletYoungMb = 32;

function startOutletThread(workerData: ThreadStart): OutletThread {
  return outletThreadOf(
    new Thread(new URL('./outlet/thread/thread.js', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: outletYoungMb },
    }),
  );
}

/** Opens the pipe to the owner. A worker outlives its owner until it has answered its requests, against node:cluster. */
function openOwnerPipe(): Duplex {
  const { worker } = cluster;
  worker?.once('disconnect', () => (worker.exitedAfterDisconnect = true));
  // A worker whose owner has ended cannot report to it that it stops listening.
  worker?.on('error', () => {});
  return new Socket({ fd: workerPipe, readable: true, writable: true });
}

// `require` loads hundreds of files in half the time of `import`, which takes several event loop turns for each.
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
  processStats: watchProcess,
  host: hostname(),
  pid: process.pid,
  // A process that is a cluster worker of another program cannot fork workers.
  startWorker: cluster.isPrimary ? startWorker : undefined,
  startOutletThread,
  connectToOwner: isWorker ? openOwnerPipe : undefined,
  stop: stop.signal,
  hurry: hurry.signal,
  onHangup,
  stopOnHangup: () => onHangup(onSignal),
});
process.exitCode = exitCode;
// Operations on a failing disk may never end, and a worker's pipe keeps it alive.
if (exitCode === ioError || isWorker) process.exit();
