// The workers of an owner: started together, told what changes, replaced when one dies, stopped in good order.

import { isDeepStrictEqual } from 'node:util';
import type { AccessControl, AccessStatus } from '../auth/access-control.ts';
import type { AccessOptions } from '../auth/access-policy.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import { schedule } from '../runtime/schedule.ts';
import type { Address, Listener } from '../http/server.ts';
import type { PushIntake } from '../sources/catchpoint/push-route.ts';
import { type PoolAccessStatus, poolAccessStatus } from './pool-access-status.ts';
import type { Instructions } from './messages.ts';
import { type WorkerHandle, workerHandle } from './worker-handle.ts';
import type { StartWorker } from './worker-process.ts';

export interface WorkerPoolStatus {
  /** How many there shall be. */
  readonly wanted: number;
  /** That take pushes now. */
  readonly running: number;
  /** Since the start. */
  readonly replaced: number;
}

export interface WorkerPool {
  /**
   * Starts the workers; resolves when all of them take pushes.
   *
   * @throws CannotListen, or an Error where one of them ends
   */
  listen(intake: PushIntake): Promise<Listener>;
  /** Tells the workers what of the configuration is another. */
  instruct(config: WorkerPoolConfig): void;
  /** Tells the workers which keys are valid now; resolves when they follow all that they were told. */
  settled(): Promise<void>;
  /** Looks for other keys, and for workers that say nothing any more, every second, until the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** @param own - the owner's, who knows the keys but lets nobody in */
  access(own: AccessStatus): AccessStatus;
  status(): WorkerPoolStatus;
}

/** What of the configuration concerns the workers. */
export type WorkerPoolConfig = Pick<Config, 'access' | 'listen' | 'maxBodyBytes' | 'log'>;

export interface WorkerPoolOptions {
  readonly count: number;
  readonly config: WorkerPoolConfig;
  /** The owner's. */
  readonly access: Pick<AccessControl, 'held' | 'rotate'>;
  readonly start: StartWorker;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

const lookEveryMs = 1_000;
/** While a worker is away the others have more to do; one that has worked for so long is replaced as fast as at first. */
const pauses = { baseMs: 250, capMs: 5_000 };
const steadyMs = 10_000;

/** What all workers are told alike. */
type Common = Omit<Instructions, 'worker' | 'listen'>;

interface Running {
  readonly options: WorkerPoolOptions;
  /** By their numbers. */
  readonly members: Map<number, WorkerHandle>;
  readonly sums: PoolAccessStatus;
  readonly stopping: AbortController;
  config: WorkerPoolConfig;
  told: Common;
  /** Resolves when all follow what they were told last. */
  following: Promise<unknown>;
  /** The address that all listen on, once they do. */
  address: Address;
  replaced: number;
}

export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { count, config, clock, log } = options;
  const running: Running = {
    options,
    config,
    members: new Map(),
    sums: poolAccessStatus(),
    stopping: new AbortController(),
    told: commonOf(options, config, 0),
    following: Promise.resolve(),
    address: config.listen,
    replaced: 0,
  };
  return {
    listen: (intake) => started(running, intake),
    instruct(next) {
      running.config = next;
      tellNews(running);
    },
    settled: () => settled(running),
    run: (signal) =>
      schedule('look after the workers', async () => look(running), { everyMs: lookEveryMs, clock, log, signal }),
    access: (own) =>
      running.sums.of(
        own,
        [...running.members.values()].flatMap((one) => one.access() ?? []),
      ),
    status: () => ({ wanted: count, running: listening(running).length, replaced: running.replaced }),
  };
}

/** TLS is switched on and off by a restart alone. */
function commonOf(
  {
    count,
    config: {
      access: { tls },
    },
    access,
  }: WorkerPoolOptions,
  { access: options, maxBodyBytes, log }: WorkerPoolConfig,
  edition: number,
): Common {
  return {
    edition,
    maxBodyBytes,
    log,
    keys: access.held(),
    access: { ...options, tls, limits: shareOf(options.limits, count, maxBodyBytes) },
  };
}

/** What counts in a process is shared out, with room for the largest push; what counts by address holds in each. */
function shareOf(limits: AccessOptions['limits'], count: number, maxBodyBytes: number): AccessOptions['limits'] {
  const share = (all: number): number => Math.ceil(all / count);
  const { maxConnections, maxConnectionsPerAddress, maxRequests, maxArrivingBytes } = limits;
  return {
    maxConnections: share(maxConnections),
    maxConnectionsPerAddress,
    maxRequests: share(maxRequests),
    maxArrivingBytes: Math.max(share(maxArrivingBytes), maxBodyBytes),
  };
}

function tellNews(running: Running): void {
  const { options, config, told, members } = running;
  const next = commonOf(options, config, told.edition + 1);
  if (isDeepStrictEqual({ ...next, edition: told.edition }, told)) return;
  running.told = next;
  running.following = Promise.all(
    [...members].map(([worker, one]) => one.instruct({ ...next, worker, listen: one.address })),
  );
}

function look(running: Running): void {
  tellNews(running);
  for (const one of running.members.values()) one.look();
}

async function settled(running: Running): Promise<void> {
  tellNews(running);
  await running.following;
}

function listening({ members }: Running): WorkerHandle[] {
  return [...members.values()].filter((one) => one.isListening());
}

async function started(running: Running, intake: PushIntake): Promise<Listener> {
  const { options, members, stopping } = running;
  const numbers = Array.from({ length: options.count }, (_, at) => at + 1);
  try {
    for (const worker of numbers) begin(worker, running, intake);
    const [{ url, port }] = (await Promise.all([...members.values()].map((one) => one.listening))) as [
      { url: string; port: number },
    ];
    running.address = { ...running.address, port };
    const kept = numbers.map((worker) => keep(worker, running, intake));
    return {
      url,
      port,
      async close() {
        stopping.abort();
        for (const one of members.values()) one.stop();
        await Promise.all(kept);
      },
      cut: () => void [...members.values()].map((one) => one.cut()),
    };
  } catch (error) {
    await Promise.all([...members.values()].map((one) => one.cut()));
    throw error;
  }
}

/** Whoever listens already has the address under the name that it was given; to listen beside it another one must use the same. */
function begin(worker: number, running: Running, intake: PushIntake): void {
  const {
    options: { start, access, clock },
    told,
    address,
    members,
  } = running;
  const rotate = (token: string): Promise<void> => access.rotate(token).finally(() => settled(running));
  const listen = listening(running)[0]?.address ?? address;
  members.set(worker, workerHandle(start(), { ...told, worker, listen }, { intake, rotate, clock }));
}

/** Replaces a worker whenever it has ended, until the crew stops. */
async function keep(worker: number, running: Running, intake: PushIntake): Promise<void> {
  const {
    options: { clock, random, log },
    members,
    sums,
    stopping: { signal },
  } = running;
  for (let attempt = 1; ; attempt += 1) {
    const sinceMs = clock.steady();
    const one = members.get(worker) as WorkerHandle;
    void one.listening.then(
      ({ port }) => (port === running.address.port ? undefined : one.cut()),
      () => undefined,
    );
    const end = await one.ended;
    const counted = one.access();
    if (counted !== undefined) sums.keep(counted);
    members.delete(worker);
    if (signal.aborted) return;
    if (clock.steady() - sinceMs > steadyMs) attempt = 1;
    const inMs = backoff(attempt, random, pauses);
    log.error(
      { worker, pid: one.pid, ...end, reason: one.reason(), inMs },
      'a worker has ended; another one takes its place',
    );
    await clock.sleep(inMs, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    begin(worker, running, intake);
    running.replaced += 1;
  }
}
