// The worker pool of an owner: starts the workers, sends them changes, replaces those that end, and stops them.

import { isDeepStrictEqual } from 'node:util';
import type { AccessControl, AccessStatus } from '../auth/access-control.ts';
import type { AccessOptions } from '../auth/access-policy.ts';
import type { Config } from '../config/config.ts';
import type { Address, Listener } from '../http/server.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { schedule } from '../runtime/schedule.ts';
import type { PushIntake } from '../sources/catchpoint/push-route.ts';
import type { WorkerConfig } from './messages.ts';
import { type PoolAccessStatus, poolAccessStatus } from './pool-access-status.ts';
import { type WorkerHandle, workerHandle } from './worker-handle.ts';
import type { StartWorker } from './worker-process.ts';

/** `workers` of /healthz. */
export interface WorkerPoolStatus {
  /** As configured. */
  readonly wanted: number;
  /** Listening now. */
  readonly running: number;
  /** Since the start. */
  readonly replaced: number;
}

export interface WorkerPool {
  /**
   * Starts the workers; resolves when all of them listen.
   *
   * @throws CannotListen, or an Error when one of them ends
   */
  listen(intake: PushIntake): Promise<Listener>;
  /** Sends a changed configuration to the workers. */
  configure(config: WorkerPoolConfig): void;
  /** Sends changed credentials, too; resolves once the workers have applied everything. */
  applied(): Promise<void>;
  /** Every second until the signal: sends changed credentials, and kills workers that do not respond. */
  run(signal: AbortSignal): Promise<void>;
  /** The status of owner and workers together. */
  accessStatus(owner: AccessStatus): AccessStatus;
  status(): WorkerPoolStatus;
}

/** The settings that workers need. */
export type WorkerPoolConfig = Pick<Config, 'access' | 'listen' | 'maxBodyBytes' | 'log'>;

interface WorkerPoolOptions {
  readonly count: number;
  readonly config: WorkerPoolConfig;
  /** Of the owner. */
  readonly access: Pick<AccessControl, 'credentials' | 'rotate'>;
  readonly start: StartWorker;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

const checkEveryMs = 1_000;
const restartBackoff = { baseMs: 250, capMs: 5_000 };
/** A worker that ran for this long restarts the backoff. */
const stableMs = 10_000;

type SharedConfig = Omit<WorkerConfig, 'worker' | 'listen'>;

interface PoolState {
  readonly options: WorkerPoolOptions;
  /** By number. */
  readonly workers: Map<number, WorkerHandle>;
  readonly accessStatus: PoolAccessStatus;
  readonly stopping: AbortController;
  config: WorkerPoolConfig;
  /** The configuration that the workers have, or are applying. */
  sent: SharedConfig;
  applied: Promise<unknown>;
  /** With the port in use, once the workers listen. */
  address: Address;
  replaced: number;
}

export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { count, config, clock, log } = options;
  const pool: PoolState = {
    options,
    config,
    workers: new Map(),
    accessStatus: poolAccessStatus(),
    stopping: new AbortController(),
    sent: sharedConfig(options, config, 0),
    applied: Promise.resolve(),
    address: config.listen,
    replaced: 0,
  };
  const check = async (): Promise<void> => {
    sendChanges(pool);
    for (const worker of pool.workers.values()) worker.checkAlive();
  };
  return {
    listen: (intake) => listen(pool, intake),
    configure(next) {
      pool.config = next;
      sendChanges(pool);
    },
    applied: () => applyChanges(pool),
    run: (signal) => schedule('look after the workers', check, { everyMs: checkEveryMs, clock, log, signal }),
    accessStatus: (owner) =>
      pool.accessStatus.sum(
        owner,
        [...pool.workers.values()].flatMap((worker) => worker.access() ?? []),
      ),
    status: () => ({ wanted: count, running: listeningWorkers(pool).length, replaced: pool.replaced }),
  };
}

/** Switching TLS on or off needs a restart. */
function sharedConfig(
  { count, config, access }: WorkerPoolOptions,
  { access: { limits, ...options }, maxBodyBytes, log }: WorkerPoolConfig,
  revision: number,
): SharedConfig {
  return {
    revision,
    maxBodyBytes,
    log,
    credentials: access.credentials(),
    access: { ...options, tls: config.access.tls, limits: shareOf(limits, count, maxBodyBytes) },
  };
}

/** Divides the limits by the workers, except the one per address. A share holds the largest body. */
function shareOf(limits: AccessOptions['limits'], count: number, maxBodyBytes: number): AccessOptions['limits'] {
  const share = (all: number): number => Math.ceil(all / count);
  return {
    maxConnections: share(limits.maxConnections),
    maxConnectionsPerAddress: limits.maxConnectionsPerAddress,
    maxRequests: share(limits.maxRequests),
    maxArrivingBytes: Math.max(share(limits.maxArrivingBytes), maxBodyBytes),
  };
}

function sendChanges(pool: PoolState): void {
  const { options, config, sent, workers } = pool;
  const next = sharedConfig(options, config, sent.revision);
  if (isDeepStrictEqual(next, sent)) return;
  const changed = { ...next, revision: sent.revision + 1 };
  pool.sent = changed;
  pool.applied = Promise.all(
    [...workers].map(([number, worker]) => worker.configure({ ...changed, worker: number, listen: worker.address })),
  );
}

async function applyChanges(pool: PoolState): Promise<void> {
  sendChanges(pool);
  await pool.applied;
}

function listeningWorkers({ workers }: PoolState): WorkerHandle[] {
  return [...workers.values()].filter((worker) => worker.isListening());
}

async function listen(pool: PoolState, intake: PushIntake): Promise<Listener> {
  const { options, workers, stopping } = pool;
  const numbers = Array.from({ length: options.count }, (_, at) => at + 1);
  try {
    for (const number of numbers) startWorker(number, pool, intake);
    const [first] = await Promise.all([...workers.values()].map((worker) => worker.listening));
    const { url, port } = first as NonNullable<typeof first>;
    pool.address = { ...pool.address, port };
    const supervised = numbers.map((number) => supervise(number, pool, intake));
    return {
      url,
      port,
      async close() {
        stopping.abort();
        for (const worker of workers.values()) worker.stop();
        await Promise.all(supervised);
      },
      cut: () => void [...workers.values()].map((worker) => worker.cut()),
    };
  } catch (error) {
    await Promise.all([...workers.values()].map((worker) => worker.cut()));
    throw error;
  }
}

/** Workers share the port only under the same host name, so a replacement gets the address of a worker that listens. */
function startWorker(number: number, pool: PoolState, intake: PushIntake): void {
  const { options, sent, address, workers } = pool;
  const { start, access, clock } = options;
  const rotate = async (token: string): Promise<void> => {
    try {
      await access.rotate(token);
    } finally {
      await applyChanges(pool);
    }
  };
  const first = { ...sent, worker: number, listen: listeningWorkers(pool)[0]?.address ?? address };
  workers.set(number, workerHandle(start(), first, { intake, rotate, clock }));
}

/** Replaces a worker each time it ends, until the pool stops. */
async function supervise(number: number, pool: PoolState, intake: PushIntake): Promise<void> {
  const { options, workers, accessStatus, stopping } = pool;
  const { clock, random, log } = options;
  const { signal } = stopping;
  for (let attempt = 1; ; attempt += 1) {
    const startedMs = clock.steady();
    const worker = workers.get(number) as WorkerHandle;
    void worker.listening.then(
      ({ port }) => (port === pool.address.port ? undefined : worker.cut()),
      () => undefined,
    );
    const end = await worker.ended;
    const access = worker.access();
    if (access !== undefined) accessStatus.retain(access);
    workers.delete(number);
    if (signal.aborted) return;
    if (clock.steady() - startedMs > stableMs) attempt = 1;
    const inMs = backoff(attempt, random, restartBackoff);
    log.error(
      { worker: number, pid: worker.pid, ...end, reason: worker.failure(), inMs },
      'a worker has ended; another one takes its place',
    );
    await clock.sleep(inMs, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    startWorker(number, pool, intake);
    pool.replaced += 1;
  }
}
