// What a running bridge is made of, opened sink-first, so that nothing is taken before it can be kept.

import { join } from 'node:path';
import { type AccessControl, type AccessStatus, openAccessControl } from '../auth/access-control.ts';
import type { ProcessContext } from './process-context.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import { openOutlets, type Outlets, type SinkStatus } from '../outlet/outlets.ts';
import { takeStateDirectory } from './state-directory-lock.ts';
import { openSources, type Sources, type SourcesStatus } from './sources.ts';
import type { Losses } from '../spool/losses.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { checkDirectory } from '../spool/disk/directory-check.ts';
import { defaultMaxBytes } from '../spool/disk/default-max-bytes.ts';
import { type PushHistory, pushHistory } from '../status/push-history.ts';
import { freeBytes, type Snapshot, snapshots } from '../telemetry/snapshot.ts';
import { telemetry, type Telemetry } from '../telemetry/telemetry.ts';
import type { WorkerPool, WorkerPoolStatus } from '../workers/worker-pool.ts';

export interface DaemonStatus extends SourcesStatus {
  readonly sinks: readonly SinkStatus[];
  /** `scarcity`: why nothing is taken now, since the disk is nearly full. */
  readonly spool: { readonly waitingBytes: number; readonly maxBytes: number; readonly scarcity: string | undefined };
  readonly parked: number;
  readonly deadLetters: number;
  /** Whether records that an earlier version stored still wait. */
  readonly restoring: boolean;
  /** What had been acknowledged and is gone, ever; see Lost. */
  readonly lost: Losses;
  readonly access: AccessStatus;
  /** Undefined where there are none. */
  readonly workers?: WorkerPoolStatus;
}

/** Everything that was opened, in the order in which it was. */
export interface Parts {
  readonly spool: Spool;
  readonly outlets: Outlets;
  readonly access: AccessControl;
  /** Those who take requests in place of this process; undefined: nobody does. */
  readonly crew: WorkerPool | undefined;
  readonly sources: Sources;
  /** The last pushes, as they were answered. */
  readonly seen: PushHistory;
  readonly counters: Telemetry;
  readonly snapshot: () => Promise<Snapshot>;
}

/** Opens them; each is closed by one of the releases, in the opposite order. */
export async function openParts(
  config: Config,
  ambient: ProcessContext,
  releases: (() => Promise<unknown>)[],
): Promise<Parts> {
  const { stateDir } = config;
  const { clock, log, pid } = ambient;
  releases.push((await takeStateDirectory(stateDir, pid)).release);
  const directory = join(stateDir, 'spool');
  checkDirectory(directory);
  const maxBytes = config.spoolMaxBytes ?? (await defaultMaxBytes(directory));
  const spool = await openSpool({
    directory,
    maxBytes,
    dedupMaxBytes: config.dedupMaxBytes,
    clock,
    log,
    onScarcity: (words) => sayScarcity(log, words),
  });
  releases.push(spool.close);
  const counters = telemetry(ambient);
  const seen = pushHistory({ clock, rtt: config.metrics.rtt });
  // A sink that is new waits for the disk, which lays out a segment.
  const [outlets, { access, crew, sources }] = await both(
    outletsOf(config, ambient, { spool, maxBytes, counters, releases }),
    takersOf(config, ambient, { spool, counters, seen }),
  );
  for (const gone of await spool.markGoneSinks())
    log.warn(gone, 'points wait for a sink that is not configured; they are held for a week');
  const snapshot = snapshots({
    clock,
    version: ambient.version ?? '',
    counters,
    spool,
    outlets: outlets.status,
    catchpoint: sources.catchpointStatus,
    access: access.status,
    backstop: () => sources.status().backstop,
    reloads: ambient.reloading?.status,
    workers: crew?.status,
    outletRestarts: outlets.restarts,
    freeBytes: () => freeBytes(directory),
  });
  return { spool, outlets, access, crew, sources, seen, counters, snapshot };
}

/** What both come to, side by side; where one fails, the other has come to its end as well. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

/** Who may push, and who takes it. */
async function takersOf(
  config: Config,
  ambient: ProcessContext,
  opened: Pick<Parts, 'spool' | 'counters' | 'seen'>,
): Promise<Pick<Parts, 'access' | 'crew' | 'sources'>> {
  const { clock, random, log } = ambient;
  const own = await openAccessControl(config.access, { stateDir: config.stateDir, clock, log });
  const crew = await crewOf(config, own, ambient);
  const access = crew === undefined ? own : { ...own, status: () => crew.access(own.status()) };
  const sources = await openSources({ config, ...opened, access, clock, random, log });
  return { access, crew, sources };
}

interface OutletParts {
  readonly spool: Spool;
  readonly maxBytes: number;
  readonly counters: Telemetry;
  readonly releases: (() => Promise<unknown>)[];
}

/** In a thread of their own where the process starts one. */
async function outletsOf(
  config: Config,
  { clock, random, log, startOutletThread }: ProcessContext,
  { spool, maxBytes, counters, releases }: OutletParts,
): Promise<Outlets> {
  const options = { config, spool, maxBytes, clock, random, log };
  if (startOutletThread === undefined || spool.isRestoring())
    return openOutlets({ ...options, releases, watched: counters.sink });
  const { openThreadedOutlets } = await import('../outlet/thread/host.ts');
  return openThreadedOutlets({ ...options, start: startOutletThread, watch: counters.watchSink });
}

async function crewOf(
  config: Config,
  access: AccessControl,
  { startWorker, clock, random, log }: ProcessContext,
): Promise<WorkerPool | undefined> {
  if (config.workers === 0 || !config.takesCatchpoint) return undefined;
  if (startWorker === undefined)
    throw new Error(`workers: expected 0 where the bridge is a worker of another program, found ${config.workers}`);
  const { openWorkerPool } = await import('../workers/worker-pool.ts');
  return openWorkerPool({ count: config.workers, config, access, start: startWorker, clock, random, log });
}

function sayScarcity(log: Log, scarcity: string | undefined): void {
  if (scarcity === undefined) log.info('the disk has room again: pushes are taken');
  else log.error({ reason: scarcity }, 'the disk is nearly full: pushes are refused with 503');
}

export function statusOf({ spool, outlets, sources, access, crew }: Parts): DaemonStatus {
  return {
    ...sources.status(),
    sinks: outlets.status(),
    spool: { waitingBytes: spool.waitingBytes(), maxBytes: spool.maxBytes(), scarcity: spool.scarcity() },
    parked: spool.parking.count(),
    deadLetters: spool.deadLetters.count(),
    restoring: spool.isRestoring(),
    lost: spool.lost(),
    access: access.status(),
    ...(crew && { workers: crew.status() }),
  };
}
