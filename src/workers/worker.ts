// A worker: takes requests on the push address, lets them in and reads their bodies, hands each push to the owner, and answers what
// the owner says. Nothing is kept here.

import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { type AccessControl, openAccessControl } from '../auth/access-control.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Log, type LogOptions, openLog } from '../runtime/log.ts';
import { pushMiddleware } from '../sources/catchpoint/push-middleware.ts';
import { schedule } from '../runtime/schedule.ts';
import { CannotListen, listen, type Listener } from '../http/server.ts';
import { routedApp } from '../http/routed-app.ts';
import { pushRoute } from '../sources/catchpoint/push-route.ts';
import { type Channel, openChannel } from './channel.ts';
import { deferred, type Deferred } from '../runtime/deferred.ts';
import type { Instructions, OwnerMessage, WorkerMessage } from './messages.ts';
import { type OwnerIntake, ownerIntake } from './owner-intake.ts';
import { lastMomentMs } from './worker-process.ts';
import { pendingRequests } from './pending-requests.ts';
import { type ReceivedCredentials, receivedCredentials } from './received-credentials.ts';

export interface WorkerContext {
  readonly clock: Clock;
  /** For the log. */
  readonly stderr: LogOptions['destination'];
}

const statusEveryMs = 1_000;
/** After sysexits: the program itself failed. */
const software = 70;

/**
 * Works until its owner says so, or is gone; resolves with the exit code.
 *
 * @param stream - to the owner
 */
export async function work(stream: Duplex, ambient: WorkerContext): Promise<number> {
  const { clock } = ambient;
  const early: OwnerMessage[] = [];
  const told = deferred<Instructions>();
  const over = deferred<number>();
  let post: Post | undefined;
  const channel = openChannel<WorkerMessage, OwnerMessage>(stream, {
    alongside: () => answeredOf(post),
    hear(message) {
      if (post !== undefined) obey(message, post, over);
      else if (message.say === 'instructions' && early.length === 0) told.resolve(message.instructions);
      if (post === undefined) early.push(message);
    },
  });
  const instructions = await Promise.race([told.promise, channel.closed]);
  if (instructions === undefined) return 0;
  try {
    post = await openPost(instructions, channel, ambient);
    for (const message of early.splice(0).slice(1)) obey(message, post, over);
    const watching = new AbortController();
    const { access, intake } = post;
    const tellStatus = async (): Promise<void> => {
      intake.giveUpLate();
      channel.say({ say: 'status', access: access.status() });
    };
    void schedule('tell the owner how it goes', tellStatus, {
      everyMs: statusEveryMs,
      clock,
      log: post.log,
      signal: watching.signal,
    });
    const exitCode = await Promise.race([over.promise, channel.closed]);
    watching.abort();
    await tellStatus();
    return exitCode ?? (await abandoned(post, clock));
  } catch (error) {
    return saidWhy(error as Error, channel);
  } finally {
    await Promise.race([channel.close(), clock.sleep(lastMomentMs)]);
  }
}

/** A worker as it stands there. */
interface Post {
  readonly access: AccessControl;
  readonly keys: ReceivedCredentials;
  readonly log: Log;
  readonly intake: OwnerIntake;
  readonly rotations: Rotations;
  readonly channel: Channel<WorkerMessage>;
  readonly listener: Listener;
  /** Followed one after the other. */
  following: Promise<void>;
  /** Those in effect. */
  current: Instructions;
}

type Rotations = ReturnType<typeof pendingRequests<undefined>>;

/** @throws CannotListen */
async function openPost(
  first: Instructions,
  channel: Channel<WorkerMessage>,
  { clock, stderr }: WorkerContext,
): Promise<Post> {
  const log = openLog({ ...first.log, destination: stderr }).child({ worker: first.worker });
  const rotations: Rotations = pendingRequests();
  const keys = receivedCredentials(first.keys, async (token) =>
    rotations.ask((id) => channel.say({ say: 'rotate', id, token })),
  );
  const access = await openAccessControl(first.access, { stateDir: '', clock, log }, keys);
  const state = { following: Promise.resolve(), current: first };
  const intake = ownerIntake({ ...channel, clock, maxBytes: () => state.current.access.limits.maxArrivingBytes });
  const reading = {
    bodies: access.bodies,
    clock,
    get maxBodyBytes() {
      return state.current.maxBodyBytes;
    },
  };
  const app = routedApp({ log, clock }, (router) => pushRoute(router, intake, reading), {
    first: pushMiddleware(access.entrance, { intake, reading }),
    middlewares: access.middlewares,
  });
  const listener = await listen(app, first.listen, access);
  channel.say({ say: 'listening', url: listener.url, port: listener.port });
  return Object.assign(state, { access, keys, log, intake, rotations, channel, listener });
}

/** Why it could not begin, or go on; the owner has the words for it. */
function saidWhy(
  error: Error & { readonly code?: string; readonly exitCode?: number },
  channel: Channel<WorkerMessage>,
): number {
  const { message, stack, exitCode = software } = error;
  if (error instanceof CannotListen)
    channel.say({ say: 'cannotListen', code: error.code, reason: (error.cause as Error).message });
  else channel.say({ say: 'failed', reason: stack ?? message });
  return exitCode;
}

function obey(message: OwnerMessage, post: Post, over: Deferred<number>): void {
  const { intake, rotations, listener } = post;
  switch (message.say) {
    case 'taken':
      return intake.taken(message.id, message.became);
    case 'refused':
      return intake.refused(message.id, message.refusal);
    case 'rotated':
      return message.fault === undefined
        ? rotations.answer(message.id, undefined)
        : rotations.refuse(message.id, new Error(message.fault));
    case 'instructions':
      post.following = post.following.then(() => follow(message.instructions, post));
      return void post.following.catch(over.reject);
    case 'stop':
      return void listener.close().then(() => over.resolve(0));
    case 'cut':
      listener.cut();
      return over.resolve(0);
  }
}

/** Keys before the options that may ask for them. */
async function follow(next: Instructions, post: Post): Promise<void> {
  const { access, keys, log, channel, current } = post;
  keys.tell(next.keys);
  if (!isDeepStrictEqual(next.access, current.access)) (await access.prepare(next.access))();
  log.level = next.log.level;
  post.current = next;
  channel.say({ say: 'follows', edition: next.edition });
}

/** The owner is gone: nobody can take a push any more, and the port belongs to the next owner. */
async function abandoned({ intake, rotations, listener, log }: Post, clock: Clock): Promise<number> {
  const closing = listener.close();
  intake.lost();
  rotations.refuseAll(() => new Error('the bridge is ending'));
  log.error('the bridge that this worker works for is gone; it ends');
  await Promise.race([closing, clock.sleep(lastMomentMs / 2)]);
  listener.cut();
  return software;
}

function answeredOf(post: Post | undefined): readonly WorkerMessage[] {
  const ms = post?.intake.takeTimes() ?? [];
  return ms.length === 0 ? [] : [{ say: 'answered', ms }];
}
