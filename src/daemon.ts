// The wiring: starts everything sink-first, so that nothing is taken before it can be kept, and stops source-first.

import { mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import Router from '@koa/router';
import type Koa from 'koa';
import { administration } from './admin/administration.ts';
import { adminDoor } from './admin/door.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { health } from './health.ts';
import { tellListening } from './listening.ts';
import type { Log } from './log.ts';
import { type Outlet, outlet, type OutletStatus } from './outlet.ts';
import { takeStateDirectory } from './owner.ts';
import { schedule } from './schedule.ts';
import { type Address, application, CannotListen, listen, type Listener } from './server.ts';
import type { Sink } from './sink.ts';
import { fileSink } from './sinks/file.ts';
import { openTsdbHttp } from './sinks/opentsdb/http.ts';
import { openTsdbTelnet } from './sinks/opentsdb/telnet.ts';
import { type Catchpoint, type CatchpointStatus, openCatchpoint } from './sources/catchpoint/catchpoint.ts';
import { openSpool, type Spool } from './spool/spool.ts';

/** What the process gives, and a test may give in its place. */
export interface Ambient {
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  readonly log: Log;
  /** Told to a second daemon that wants the same state directory. */
  readonly pid: number;
}

export interface DaemonStatus extends CatchpointStatus {
  readonly sinks: readonly OutletStatus[];
  readonly spool: { readonly waitingBytes: number; readonly maxBytes: number };
  readonly parked: number;
  readonly deadLetters: number;
}

export interface Daemon {
  /** Such as http://127.0.0.1:8080 */
  readonly pushUrl: string;
  readonly adminUrl: string;
  status(): DaemonStatus;
  /**
   * Takes no more pushes, finishes those in hand, gives the outlet up to 10 s for what waits, and leaves the rest to the
   * next start. `hurry` ends the wait.
   */
  stop(options?: { readonly hurry?: AbortSignal }): Promise<void>;
}

const graceMs = 10_000;
/** A request in hand that takes longer to arrive is cut off; its sender sends it again. */
const requestGraceMs = 5_000;
const tidyEveryMs = 300_000;
const defaultMaxBytes = 4 * 2 ** 30;

/** Everything that was opened, in the order in which it was. */
interface Parts {
  readonly spool: Spool;
  readonly maxBytes: number;
  readonly outlet: Outlet;
  readonly catchpoint: Catchpoint;
}

/**
 * Starts the bridge; resolves when it takes pushes.
 *
 * @throws StateDirectoryTaken, CannotListen and whatever opening the spool meets; what was opened is closed again
 */
export async function startDaemon(config: Config, ambient: Ambient): Promise<Daemon> {
  const { clock, log } = ambient;
  const releases: (() => Promise<unknown>)[] = [];
  const releaseAll = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  try {
    const parts = await openParts(config, ambient, releases);
    const outletStop = runUntilReleased(parts.outlet.run, releases);
    runUntilReleased(parts.catchpoint.run, releases);
    const tidying = (): Promise<void> => tidy(parts.spool, log);
    runUntilReleased((signal) => schedule('tidy the spool', tidying, { everyMs: tidyEveryMs, clock, log, signal }), releases);
    const adminUrl = await openAdmin(config, ambient, parts, releases);
    const pushes = await listen(routed(ambient, parts.catchpoint.mount), config.listen);
    await tellListening(config.stateDir, { push: pushes.url, admin: adminUrl }, log);
    return {
      pushUrl: pushes.url,
      adminUrl,
      status: () => statusOf(parts),
      async stop({ hurry = new AbortController().signal } = {}) {
        await closed(pushes, clock, hurry);
        await drained(parts.outlet, clock, AbortSignal.any([hurry, outletStop.signal]));
        await releaseAll();
      },
    };
  } catch (error) {
    await releaseAll();
    throw error;
  }
}

async function openParts(config: Config, ambient: Ambient, releases: (() => Promise<unknown>)[]): Promise<Parts> {
  const { stateDir } = config;
  const { clock, random, log, pid } = ambient;
  releases.push((await takeStateDirectory(stateDir, pid)).release);
  const directory = join(stateDir, 'spool');
  const maxBytes = config.spoolMaxBytes ?? (await usualMaxBytes(directory));
  const spool = await openSpool({ directory, maxBytes, clock });
  releases.push(spool.close);
  const sink = openSink(config, ambient);
  releases.push(sink.close);
  const points = outlet({ reader: await spool.reader(sink.name), sink, clock, random, log });
  for (const gone of await spool.markGoneSinks()) log.warn(gone, 'points wait for a sink that is not configured; they are held for a week');
  const catchpoint = await openCatchpoint({
    deliver: spool.append,
    parking: spool.parking,
    malformed: spool.samples.take,
    api: config.catchpoint,
    slices: config.metrics,
    timings: config.metrics.timings,
    maxBodyBytes: config.maxBodyBytes,
    archive: config.archive,
    stateDir,
    clock,
    random,
    log,
  });
  return { spool, maxBytes, outlet: points, catchpoint };
}

/** The spool's bound where none is set: 4 GiB, or half of the space that is free or the spool's already, where that is less. */
export async function usualMaxBytes(directory: string): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(directory);
  const files = await readdir(directory);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(directory, file))).blocks * 512));
  const ownBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return Math.min(defaultMaxBytes, Math.floor((bavail * bsize + ownBytes) / 2));
}

/** The sink that the configuration asks for; it opens what it needs when it is first written to. */
export function openSink({ tsdb, file }: Config, { clock, log }: Ambient): Sink {
  if (file !== undefined) return fileSink({ ...file, log });
  return tsdb.put === 'telnet' ? openTsdbTelnet({ ...tsdb, clock, log }) : openTsdbHttp({ ...tsdb, clock, log });
}

/** Starts a loop, and has it stopped and waited for with the other releases. */
function runUntilReleased(run: (signal: AbortSignal) => Promise<void>, releases: (() => Promise<unknown>)[]): AbortController {
  const stop = new AbortController();
  const running = run(stop.signal);
  releases.push(async () => {
    stop.abort();
    await running;
  });
  return stop;
}

function routed({ log, clock }: Ambient, mount: (router: Router) => void): Koa {
  const router = new Router();
  mount(router);
  const app = application(log, clock);
  app.use(router.routes()).use(router.allowedMethods());
  return app;
}

/** The second listener: health for everybody who reaches it, and the administration. */
async function openAdmin(config: Config, ambient: Ambient, parts: Parts, releases: (() => Promise<unknown>)[]): Promise<string> {
  const asked = administration({ spool: parts.spool, retryLetter: parts.catchpoint.retryLetter });
  const door = await adminDoor({ administration: asked, stateDir: config.stateDir, log: ambient.log });
  const admin = await listenForAdmin(config, ambient, (router) => {
    health(router, () => statusOf(parts));
    door.mount(router);
  });
  releases.push(() => closed(admin, ambient.clock, AbortSignal.abort()), door.close);
  await door.open(admin.url);
  return admin.url;
}

/** On a free port where the usual one is taken and nobody has chosen it. */
async function listenForAdmin({ adminListen, adminListenChosen }: Config, ambient: Ambient, mount: (router: Router) => void): Promise<Listener> {
  const app = routed(ambient, mount);
  try {
    return await listen(app, adminListen);
  } catch (error) {
    if (adminListenChosen || !(error instanceof CannotListen && error.code === 'EADDRINUSE')) throw error;
    const free: Address = { ...adminListen, port: 0 };
    return listen(app, free);
  }
}

async function tidy(spool: Spool, log: Log): Promise<void> {
  for (const gone of await spool.tidy()) log.error(gone, 'no such sink was configured for a week; the points that waited for it are lost');
}

/** Closes a listener; what is in hand is cut off after its grace, or at once when there is a hurry. */
async function closed(listener: Listener, clock: Clock, hurry: AbortSignal): Promise<void> {
  const over = new AbortController();
  const closing = listener.close().finally(() => over.abort());
  await clock.sleep(hurry.aborted ? 0 : requestGraceMs, { signal: AbortSignal.any([hurry, over.signal]) }).catch(() => undefined);
  listener.cut();
  await closing;
}

/** Until nothing waits, the sink takes nothing, the grace is over, or the signal. */
async function drained({ status }: Outlet, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.steady() + graceMs;
  while (!signal.aborted && clock.steady() < untilMs) {
    const { backlog, inFlight, lastError } = status();
    if (lastError !== undefined || backlog.points + inFlight === 0) return;
    await clock.sleep(20);
  }
}

function statusOf({ spool, maxBytes, outlet, catchpoint }: Parts): DaemonStatus {
  return {
    ...catchpoint.status(),
    sinks: [outlet.status()],
    spool: { waitingBytes: spool.waitingBytes(), maxBytes },
    parked: spool.parking.count(),
    deadLetters: spool.deadLetters.count(),
  };
}
