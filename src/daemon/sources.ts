// Opens access control, the worker pool, and the sources that the configuration enables.

import { type AccessControl, openAccessControl } from '../auth/access-control.ts';
import type { Config } from '../config/config.ts';
import type { Backstop } from '../sources/backstop/backstop.ts';
import { type Catchpoint, openCatchpoint } from '../sources/catchpoint/catchpoint.ts';
import type { Docker } from '../sources/docker/docker.ts';
import type { Spool } from '../spool/spool.ts';
import type { PushHistory } from '../status/push-history.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';
import type { ProcessContext } from './process-context.ts';

export interface Sources {
  /** Access control of the Catchpoint source. */
  readonly access: AccessControl;
  /** Undefined without --workers: this process takes the requests itself. */
  readonly workerPool: WorkerPool | undefined;
  /** Undefined if the configuration has no Catchpoint source. */
  readonly catchpoint: Catchpoint | undefined;
  /** Undefined without --backstop. */
  readonly backstop: Backstop | undefined;
  /** Undefined without --docker. */
  readonly docker: Docker | undefined;
}

/** The parts that the sources deliver to and report to. */
interface SourcesOptions {
  readonly spool: Pick<Spool, 'append' | 'parking' | 'samples'>;
  readonly counters: Telemetry;
  readonly pushHistory: Pick<PushHistory, 'record'>;
}

/** Rejects with an Error that names the file where a file that a source needs cannot be read. */
export async function openSources(config: Config, context: ProcessContext, options: SourcesOptions): Promise<Sources> {
  const { clock, log } = context;
  const { stateDir, takesCatchpoint: hasListener } = config;
  const control = await openAccessControl(config.access, { stateDir, clock, log, hasListener });
  const workerPool = await workerPoolOf(config, context, control);
  const access =
    workerPool === undefined ? control : { ...control, status: () => workerPool.accessStatus(control.status()) };
  const catchpoint = config.takesCatchpoint ? await catchpointOf(config, context, { ...options, access }) : undefined;
  const backstop = await backstopOf(config, context, options);
  return { access, workerPool, catchpoint, backstop, docker: await dockerOf(config, context, options) };
}

async function workerPoolOf(
  config: Config,
  { startWorker, clock, random, log }: ProcessContext,
  access: AccessControl,
): Promise<WorkerPool | undefined> {
  if (config.workers === 0 || !config.takesCatchpoint) return undefined;
  if (startWorker === undefined)
    throw new Error(`workers: expected 0 where the bridge is a worker of another program, found ${config.workers}`);
  const { openWorkerPool } = await import('../workers/worker-pool.ts');
  return openWorkerPool({ count: config.workers, config, access, start: startWorker, clock, random, log });
}

function catchpointOf(
  { catchpoint: api, metrics, cardinality, maxBodyBytes, archive, stateDir }: Config,
  { clock, random, log }: ProcessContext,
  { spool, counters, pushHistory, access }: SourcesOptions & { readonly access: AccessControl },
): Promise<Catchpoint> {
  return openCatchpoint({
    deliver: counters.source('catchpoint', spool.append),
    seen: pushHistory.record,
    access,
    answered: counters.pushAnswered,
    refused: counters.pushRefused,
    parking: spool.parking,
    malformed: spool.samples.take,
    api,
    slices: metrics,
    timings: metrics.timings,
    cardinality,
    maxBodyBytes,
    archive,
    stateDir,
    clock,
    random,
    log,
  });
}

async function backstopOf(
  { backstop, metrics, maxBodyBytes }: Config,
  { clock, log }: ProcessContext,
  { spool, counters }: SourcesOptions,
): Promise<Backstop | undefined> {
  if (backstop === undefined) return undefined;
  const [{ openBackstop }, { readDataSets }] = await Promise.all([
    import('../sources/backstop/backstop.ts'),
    import('../sources/backstop/collectd/data-sets.ts'),
  ]);
  return openBackstop({
    ...backstop,
    dataSets: await readDataSets(backstop.typesFile),
    unit: metrics.resolution,
    maxBodyBytes,
    deliver: counters.source('backstop', spool.append),
    malformed: spool.samples.take,
    clock,
    log,
  });
}

async function dockerOf(
  { docker, metrics }: Config,
  { clock, random, log, host }: ProcessContext,
  { spool, counters }: SourcesOptions,
): Promise<Docker | undefined> {
  if (docker === undefined) return undefined;
  const { openDocker } = await import('../sources/docker/docker.ts');
  const deliver = counters.source('docker', spool.append);
  return openDocker({ ...docker, unit: metrics.resolution, machineName: host, deliver, clock, random, log });
}
