// The loops that run beside the listeners and the outlets.

import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import { type BackgroundTask, type Releases, runInBackground } from '../runtime/background-task.ts';
import { schedule } from '../runtime/schedule.ts';
import type { Parts } from './parts.ts';
import type { ProcessContext } from './process-context.ts';

const tidyEveryMs = 60_000;

/** Starts the loops. Returns those whose failure ends the bridge. */
export async function startBackgroundTasks(
  config: Config,
  context: ProcessContext,
  parts: Parts,
  releases: Releases,
): Promise<BackgroundTask[]> {
  const { access, workerPool, catchpoint, docker, counters, spool } = parts;
  const { clock, log } = context;
  const critical = catchpoint === undefined ? [] : [runInBackground(catchpoint.run, releases)];
  runInBackground(access.run, releases);
  if (workerPool !== undefined) runInBackground(workerPool.run, releases);
  if (docker !== undefined) runInBackground(docker.run, releases);
  runInBackground(counters.run, releases);
  if (config.selfMetrics !== undefined) {
    const { deliverSelfPoints } = await import('../telemetry/self-points.ts');
    const { everyMs, prefix } = config.selfMetrics;
    const options = { ...context, ...parts, everyMs, prefix, resolution: config.metrics.resolution };
    runInBackground((signal) => deliverSelfPoints(options, signal), releases);
  }
  const tidyOptions = { everyMs: tidyEveryMs, clock, log };
  runInBackground(
    (signal) => schedule('tidy the spool', () => tidy({ spool, counters }, log), { ...tidyOptions, signal }),
    releases,
  );
  return critical;
}

async function tidy({ spool, counters }: Pick<Parts, 'spool' | 'counters'>, log: Log): Promise<void> {
  for (const removed of await spool.tidy()) {
    counters.removedSinkLost(removed.points);
    log.error(removed, 'no such sink was configured for a week; the points that waited for it are lost');
  }
}
