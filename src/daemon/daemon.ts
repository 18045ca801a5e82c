// The bridge as one object: opens the sinks before the sources, and closes them in reverse.

import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import { closeGracefully } from '../http/routed-app.ts';
import type { Outlets } from '../outlet/outlets.ts';
import { type BackgroundTask, releaseAll, type Releases, runInBackground } from '../runtime/background-task.ts';
import { DiskFailed } from '../spool/disk/disk-failed.ts';
import type { Spool } from '../spool/spool.ts';
import { writeAddresses } from './addresses-file.ts';
import { startBackgroundTasks } from './background-tasks.ts';
import { type DaemonStatus, openParts, statusOf } from './parts.ts';
import type { ProcessContext } from './process-context.ts';
import { reloadableParts } from './reloadable-parts.ts';

export interface Daemon {
  /** Such as http://127.0.0.1:8080. With --no-catchpoint it is `backstopUrl`, or empty without --backstop. */
  readonly pushUrl: string;
  /** Undefined without --backstop. */
  readonly backstopUrl: string | undefined;
  readonly adminUrl: string;
  status(): DaemonStatus;
  /** Resolves when the disk fails or stored data is damaged. The bridge acknowledges nothing after that. */
  readonly failed: Promise<Error>;
  /**
   * Stops accepting pushes, answers those in flight, and gives the outlets 10 s to drain the spool.
   * What is left waits for the next start. `hurry` ends both waits.
   */
  stop(options?: { readonly hurry?: AbortSignal }): Promise<void>;
}

/**
 * Starts the bridge. Resolves when it accepts pushes. On an error everything that was opened is closed again.
 *
 * @throws StateDirectoryTaken, StateDirectoryUnusable, CannotListen, and the errors of openSpool and openSources
 */
export async function startDaemon(config: Config, context: ProcessContext): Promise<Daemon> {
  const { clock, log, reloading } = context;
  const releases: Releases = [];
  try {
    // listeners.ts loads Koa while the parts wait for the disk.
    const [parts, { openAdminListener, openListeners }] = await Promise.all([
      openParts(config, context, releases),
      import('./listeners.ts'),
    ]);
    for (const part of reloadableParts(parts, config.stateDir, log)) reloading?.onReload(part);
    const tasks = await startBackgroundTasks(config, context, parts, releases);
    const adminUrl = await openAdminListener(config, context, parts, releases);
    const { listeners, pushUrl, backstopUrl } = await openListeners(config, context, parts);
    // Last, because the outlet thread loads modules of its own and pushes are stored without it.
    const outlets = runInBackground(parts.outlets.run, releases);
    await writeAddresses(config.stateDir, { push: pushUrl, admin: adminUrl, token: parts.access.ownerToken }, log);
    return {
      pushUrl,
      backstopUrl,
      adminUrl,
      status: () => statusOf(parts),
      failed: firstFailure(parts.spool, [outlets, ...tasks]),
      async stop({ hurry = new AbortController().signal } = {}) {
        parts.counters.stopping();
        await Promise.all(listeners.map((listener) => closeGracefully(listener, clock, hurry)));
        await drain(parts.outlets, clock, AbortSignal.any([hurry, outlets.signal]));
        await releaseAll(releases);
      },
    };
  } catch (error) {
    await releaseAll(releases);
    throw error;
  }
}

/** A DiskFailed of any loop is reported as the spool reports it. */
async function firstFailure(spool: Spool, tasks: readonly BackgroundTask[]): Promise<Error> {
  const first = await Promise.race([spool.failed, ...tasks.map(({ failed }) => failed)]);
  return first instanceof DiskFailed ? spool.failed : first;
}

const drainMs = 10_000;

/** Waits until the spool is empty or no sink accepts points, for at most 10 s. */
async function drain({ isIdle }: Outlets, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadlineMs = clock.steady() + drainMs;
  while (!signal.aborted && clock.steady() < deadlineMs && !isIdle()) await clock.sleep(20);
}
