// Opens the parts of the bridge, the spool first, so that no push is accepted before it can be stored.

import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import type { Releases } from '../runtime/background-task.ts';
import { openOutlets, type Outlets } from '../outlet/outlets.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { checkDirectory } from '../spool/disk/directory-check.ts';
import { defaultMaxBytes } from '../spool/disk/default-max-bytes.ts';
import { type PushHistory, pushHistory } from '../status/push-history.ts';
import type { Snapshot } from '../telemetry/snapshot.ts';
import { snapshots } from '../telemetry/snapshots.ts';
import { telemetry, type Telemetry } from '../telemetry/telemetry.ts';
import type { ProcessContext } from './process-context.ts';
import { openSources, type Sources } from './sources.ts';
import { takeStateDirectory } from './state-directory-lock.ts';

export interface Parts extends Sources {
  readonly spool: Spool;
  readonly outlets: Outlets;
  /** The last pushes and their answers, for the status page. */
  readonly pushHistory: PushHistory;
  readonly counters: Telemetry;
  /** Takes a snapshot of every counter. */
  readonly snapshot: () => Promise<Snapshot>;
}

/** Opens the parts in dependency order. The functions that close them are pushed to `releases`. */
export async function openParts(config: Config, context: ProcessContext, releases: Releases): Promise<Parts> {
  const { clock, log, pid } = context;
  releases.push((await takeStateDirectory(config.stateDir, pid)).release);
  const directory = join(config.stateDir, 'spool');
  checkDirectory(directory);
  const spool = await openSpool({
    directory,
    maxBytes: config.spoolMaxBytes ?? (await defaultMaxBytes(directory)),
    dedupMaxBytes: config.dedupMaxBytes,
    clock,
    log,
    onScarcity: (scarcity) => logScarcity(log, scarcity),
  });
  releases.push(spool.close);
  const stored = { spool, counters: telemetry(context), pushHistory: pushHistory({ clock, rtt: config.metrics.rtt }) };
  // Side by side: the reader of a new sink waits for the disk. If one fails, the other still has to finish first.
  const opening = [outletsOf(config, context, stored, releases), openSources(config, context, stored)] as const;
  await Promise.allSettled(opening);
  const [outlets, sources] = await Promise.all(opening);
  for (const removed of await spool.markRemovedSinks())
    log.warn(removed, 'points wait for a sink that is not configured; they are held for a week');
  const parts = { ...stored, outlets, ...sources };
  return { ...parts, snapshot: snapshots({ ...context, ...parts, spoolDirectory: directory }) };
}

/** The outlets run in a separate thread, except while the spool of an earlier version is drained. */
async function outletsOf(
  config: Config,
  { clock, random, log, startOutletThread }: ProcessContext,
  { spool, counters }: Pick<Parts, 'spool' | 'counters'>,
  releases: Releases,
): Promise<Outlets> {
  const options = { config, spool, maxBytes: spool.maxBytes(), clock, random, log };
  if (startOutletThread === undefined || spool.isRestoring())
    return openOutlets({ ...options, releases, countWrites: counters.sink });
  const { openThreadedOutlets } = await import('../outlet/thread/host.ts');
  return openThreadedOutlets({ ...options, start: startOutletThread, watchWrites: counters.watchSink });
}

function logScarcity(log: Log, scarcity: string | undefined): void {
  if (scarcity === undefined) log.info('the disk has room again: pushes are taken');
  else log.error({ reason: scarcity }, 'the disk is nearly full: pushes are refused with 503');
}

export type DaemonStatus = ReturnType<typeof statusOf>;

/** The members of `/healthz`. Those of a source that is off are absent. */
export function statusOf({
  spool,
  outlets,
  access,
  workerPool,
  catchpoint,
  backstop,
  docker,
}: Omit<Parts, 'snapshot'>) {
  return {
    ...catchpoint?.status(),
    ...(backstop && { backstop: backstop.status() }),
    ...(docker && { docker: docker.status() }),
    sinks: outlets.status(),
    spool: { waitingBytes: spool.waitingBytes(), maxBytes: spool.maxBytes(), scarcity: spool.scarcity() },
    parked: spool.parking.count(),
    deadLetters: spool.deadLetters.count(),
    restoring: spool.isRestoring(),
    lost: spool.lost(),
    access: access.status(),
    ...(workerPool && { workers: workerPool.status() }),
  };
}
