// The bridge: starts everything sink-first, so that nothing is taken before it can be kept, and stops source-first.

import type { ProcessContext } from './process-context.ts';
import { reloadableParts } from './reloadable-parts.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import { writeAddresses } from './addresses-file.ts';
import type { Log } from '../runtime/log.ts';
import { type BackgroundTask, runInBackground } from '../runtime/background-task.ts';
import type { Outlets } from '../outlet/outlets.ts';
import { type DaemonStatus, openParts, type Parts, statusOf } from './parts.ts';
import { schedule } from '../runtime/schedule.ts';
import { closeGracefully } from '../http/routed-app.ts';
import { DiskFailed } from '../spool/disk/disk-failed.ts';
import type { Spool } from '../spool/spool.ts';

export interface Daemon {
  /** Such as http://127.0.0.1:8080; where Catchpoint is switched off, that of the other source. */
  readonly pushUrl: string;
  /** Undefined: switched off. */
  readonly backstopUrl: string | undefined;
  readonly adminUrl: string;
  status(): DaemonStatus;
  /** Resolves when the bridge cannot go on: the disk fails, or what is stored is damaged. Nothing is acknowledged from then on. */
  readonly failed: Promise<Error>;
  /**
   * Takes no more pushes, finishes those in hand, gives the outlet up to 10 s for what waits, and leaves the rest to the
   * next start. `hurry` ends the wait.
   */
  stop(options?: { readonly hurry?: AbortSignal }): Promise<void>;
}

const graceMs = 10_000;
const tidyEveryMs = 60_000;

/**
 * Starts the bridge; resolves when it takes pushes.
 *
 * @throws StateDirectoryTaken, CannotListen and whatever opening the spool meets; what was opened is closed again
 */
export async function startDaemon(config: Config, ambient: ProcessContext): Promise<Daemon> {
  const { clock, log } = ambient;
  const releases: (() => Promise<unknown>)[] = [];
  const releaseAll = async (): Promise<void> => {
    for (const release of releases.splice(0).toReversed()) await release();
  };
  try {
    // The doors bring Koa, which is read in while the parts wait for the disk.
    const [parts, { openAdminListener, openListeners }] = await Promise.all([
      openParts(config, ambient, releases),
      import('./listeners.ts'),
    ]);
    for (const part of reloadableParts({ ...parts, log, stateDir: config.stateDir })) ambient.reloading?.onReload(part);
    const source = runInBackground(parts.sources.run, releases);
    runInBackground(parts.access.run, releases);
    if (parts.crew !== undefined) runInBackground(parts.crew.run, releases);
    runInBackground(parts.counters.run, releases);
    if (config.selfMetrics !== undefined) {
      const { deliverSelfPoints } = await import('../telemetry/self-points.ts');
      const ownMetrics = { ...ambient, ...parts, settings: config.selfMetrics, resolution: config.metrics.resolution };
      runInBackground((signal) => deliverSelfPoints(ownMetrics, signal), releases);
    }
    const tidying = (): Promise<void> => tidy(parts, log);
    runInBackground(
      (signal) => schedule('tidy the spool', tidying, { everyMs: tidyEveryMs, clock, log, signal }),
      releases,
    );
    const adminUrl = await openAdminListener(config, ambient, parts, releases);
    const { listeners, pushUrl, backstopUrl } = await openListeners(parts, ambient);
    // Their thread reads in files of its own; pushes are kept without it.
    const outlets = runInBackground(parts.outlets.run, releases);
    await writeAddresses(config.stateDir, { push: pushUrl, admin: adminUrl, token: parts.access.ownerToken }, log);
    return {
      pushUrl,
      backstopUrl,
      adminUrl,
      status: () => statusOf(parts),
      failed: failureOf(parts.spool, [outlets, source]),
      async stop({ hurry = new AbortController().signal } = {}) {
        parts.counters.stopping();
        await Promise.all(listeners.map((listener) => closeGracefully(listener, clock, hurry)));
        await drained(parts.outlets, clock, AbortSignal.any([hurry, outlets.signal]));
        await releaseAll();
      },
    };
  } catch (error) {
    await releaseAll();
    throw error;
  }
}

/** What the bridge cannot go on for. Of its disk the spool itself has the last word. */
async function failureOf(spool: Spool, loops: readonly BackgroundTask[]): Promise<Error> {
  const first = await Promise.race([spool.failed, ...loops.map(({ failed }) => failed)]);
  return first instanceof DiskFailed ? spool.failed : first;
}

async function tidy({ spool, counters }: Parts, log: Log): Promise<void> {
  for (const gone of await spool.tidy()) {
    counters.goneSinkLost(gone.points);
    log.error(gone, 'no such sink was configured for a week; the points that waited for it are lost');
  }
}

/** Until nothing waits, the sinks take nothing, the grace is over, or the signal. */
async function drained({ isIdle }: Outlets, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.steady() + graceMs;
  while (!signal.aborted && clock.steady() < untilMs && !isIdle()) await clock.sleep(20);
}
