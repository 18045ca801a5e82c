// A worker: authenticates requests on the push address, reads their bodies and sends each push to the owner.
// It stores nothing.

import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { type AccessControl, openAccessControl } from '../auth/access-control.ts';
import { routedApp } from '../http/routed-app.ts';
import { CannotListen, listen, type Listener } from '../http/server.ts';
import type { Clock } from '../runtime/clock.ts';
import { deferred, type Deferred } from '../runtime/deferred.ts';
import { type Log, type LogOptions, openLog } from '../runtime/log.ts';
import { schedule } from '../runtime/schedule.ts';
import { pushMiddleware } from '../sources/catchpoint/push-middleware.ts';
import { pushRoute } from '../sources/catchpoint/push-route.ts';
import { type Channel, openChannel } from './channel.ts';
import type { OwnerMessage, WorkerConfig, WorkerMessage } from './messages.ts';
import { type OwnerIntake, ownerIntake } from './owner-intake.ts';
import { type PendingRequests, pendingRequests } from './pending-requests.ts';
import { type ReceivedCredentials, receivedCredentials } from './received-credentials.ts';

interface WorkerContext {
  readonly clock: Clock;
  /** Destination of the log. */
  readonly stderr: LogOptions['destination'];
}

const statusEveryMs = 1_000;
/** Bound on the end of a worker: on answering after its owner has ended, and on sending its last messages. */
const shutdownGraceMs = 1_000;
/** EX_SOFTWARE of sysexits.h. */
const exitSoftware = 70;

/**
 * Runs until the owner stops the worker or ends; resolves with the exit code.
 *
 * @param stream - the pipe to the owner
 */
export async function runWorker(stream: Duplex, context: WorkerContext): Promise<number> {
  const { clock } = context;
  const exit = deferred<number>();
  const first = deferred<WorkerConfig>();
  /** Messages that arrive while the worker starts. */
  const queued: OwnerMessage[] = [];
  let worker: RunningWorker | undefined;
  const channel = openChannel<WorkerMessage, OwnerMessage>(stream, {
    piggyback: () => durationsOf(worker),
    receive(message) {
      if (worker !== undefined) return receive(message, worker, exit);
      if (message.type === 'config' && queued.length === 0) first.resolve(message.config);
      queued.push(message);
    },
  });
  const config = await Promise.race([first.promise, channel.closed]);
  if (config === undefined) return 0;
  try {
    worker = await start(config, channel, context);
    const { access, intake, log } = worker;
    for (const message of queued.splice(0).slice(1)) receive(message, worker, exit);
    const sendStatus = async (): Promise<void> => {
      intake.expire();
      channel.send({ type: 'status', access: access.status() });
    };
    const over = new AbortController();
    const everySecond = { everyMs: statusEveryMs, clock, log, signal: over.signal };
    void schedule('tell the owner how it goes', sendStatus, everySecond);
    const exitCode = await Promise.race([exit.promise, channel.closed]);
    over.abort();
    await sendStatus();
    return exitCode ?? (await endWithoutOwner(worker, clock));
  } catch (error) {
    return reportFailure(error as Error, channel);
  } finally {
    await Promise.race([channel.close(), clock.sleep(shutdownGraceMs)]);
  }
}

interface RunningWorker {
  readonly access: AccessControl;
  readonly credentials: ReceivedCredentials;
  readonly log: Log;
  readonly intake: OwnerIntake;
  readonly rotations: PendingRequests<undefined>;
  readonly channel: Channel<WorkerMessage>;
  readonly listener: Listener;
  /** Configurations are applied one at a time. */
  applying: Promise<void>;
  config: WorkerConfig;
}

/** @throws CannotListen */
async function start(
  config: WorkerConfig,
  channel: Channel<WorkerMessage>,
  { clock, stderr }: WorkerContext,
): Promise<RunningWorker> {
  const log = openLog({ ...config.log, destination: stderr }).child({ worker: config.worker });
  const rotations = pendingRequests<undefined>();
  const credentials = receivedCredentials(config.credentials, (token) =>
    rotations.request((id) => channel.send({ type: 'rotate', id, token })),
  );
  const access = await openAccessControl(config.access, { stateDir: '', clock, log }, credentials);
  const state = { applying: Promise.resolve(), config };
  const intake = ownerIntake({ ...channel, clock, maxBytes: () => state.config.access.limits.maxArrivingBytes });
  const reading = {
    bodies: access.bodies,
    clock,
    get maxBodyBytes() {
      return state.config.maxBodyBytes;
    },
  };
  const app = routedApp({ log, clock }, (router) => pushRoute(router, intake, reading), {
    first: pushMiddleware(access.admission, { intake, reading }),
    middlewares: access.middlewares,
  });
  const listener = await listen(app, config.listen, access);
  channel.send({ type: 'listening', url: listener.url, port: listener.port });
  return Object.assign(state, { access, credentials, log, intake, rotations, channel, listener });
}

/** The owner logs the reason, or throws it where the worker has not started. */
function reportFailure(
  error: Error & { readonly code?: string; readonly exitCode?: number },
  channel: Channel<WorkerMessage>,
): number {
  const { message, stack, exitCode = exitSoftware } = error;
  if (error instanceof CannotListen)
    channel.send({ type: 'cannotListen', code: error.code, reason: (error.cause as Error).message });
  else channel.send({ type: 'failed', reason: stack ?? message });
  return exitCode;
}

function receive(message: OwnerMessage, worker: RunningWorker, exit: Deferred<number>): void {
  const { intake, rotations, listener } = worker;
  switch (message.type) {
    case 'taken':
      return intake.taken(message.id, message.outcome);
    case 'refused':
      return intake.refused(message.id, message.refusal);
    case 'rotated':
      return message.error === undefined
        ? rotations.resolve(message.id, undefined)
        : rotations.reject(message.id, new Error(message.error));
    case 'config':
      worker.applying = worker.applying.then(() => apply(message.config, worker));
      return void worker.applying.catch(exit.reject);
    case 'stop':
      return void listener.close().then(() => exit.resolve(0));
    case 'cut':
      listener.cut();
      return exit.resolve(0);
  }
}

/** Updates the credentials first: new options may read them. */
async function apply(next: WorkerConfig, worker: RunningWorker): Promise<void> {
  const { access, credentials, log, channel, config } = worker;
  credentials.update(next.credentials);
  if (!isDeepStrictEqual(next.access, config.access)) (await access.prepare(next.access))();
  log.level = next.log.level;
  worker.config = next;
  channel.send({ type: 'applied', revision: next.revision });
}

/** Ends within a second: no push can be stored without the owner, and the next owner needs the port. */
async function endWithoutOwner({ intake, rotations, listener, log }: RunningWorker, clock: Clock): Promise<number> {
  const closing = listener.close();
  intake.ownerEnded();
  rotations.rejectAll(() => new Error('the bridge is ending'));
  log.error('the bridge that this worker works for is gone; it ends');
  await Promise.race([closing, clock.sleep(shutdownGraceMs / 2)]);
  listener.cut();
  return exitSoftware;
}

function durationsOf(worker: RunningWorker | undefined): readonly WorkerMessage[] {
  const durationsMs = worker?.intake.drainDurationsMs() ?? [];
  return durationsMs.length === 0 ? [] : [{ type: 'durations', durationsMs }];
}
