// The Koa route of a push, and the contract between HTTP and push processing.

import type Router from '@koa/router';
import type { Context } from 'koa';
import { type ArrivingBodies, readBody, UnreadableBody } from '../../http/request-body.ts';
import type { Clock } from '../../runtime/clock.ts';

export interface PushSender {
  readonly ip: string;
  /** True if the request has the owner's token, which skips the checks of senders. */
  readonly isOwner: boolean;
  readonly requestId: string | undefined;
}

/** A push with its whole body. */
export interface ArrivedPush extends PushSender {
  readonly body: Buffer;
  /** A replay is answered with its outcome, and is not archived again. */
  readonly isReplay: boolean;
}

/** A push whose body could not be read. */
export interface UnreadPush extends PushSender {
  /** The bytes that were read. */
  readonly read: Buffer;
  /** HTTP status of the answer. */
  readonly status: number;
  readonly reason: string;
}

/** Processes pushes: push.ts in this process, or the owner process of a worker. */
export interface PushIntake {
  /**
   * Resolves with the outcome once the push is on disk.
   *
   * @throws an error with `status`, and with `retryAfterMs` when the sender may retry
   */
  take(push: ArrivedPush): Promise<string>;
  /** Counts a push whose body could not be read. */
  unread(push: UnreadPush): void;
  /** Records the time from a push's head to its answer. */
  answered(ms: number): void;
}

/** Read again for each push. */
export interface ReadingOptions {
  readonly maxBodyBytes: number;
  /** Bounds the memory of all bodies in flight. */
  readonly bodies?: ArrivingBodies | undefined;
  readonly clock: Pick<Clock, 'steady'>;
}

/** The header that marks a replay. */
export const replayHeader = 'X-Replayed';

/** Mounts the route at `/`, the original bridge's path, and at `/catchpoint` with any path below it. */
export function pushRoute(router: Router, intake: PushIntake, reading: ReadingOptions): void {
  router.post(['/', '/catchpoint{/*rest}'], (context) => take(context, intake, reading));
}

async function take(context: Context, intake: PushIntake, reading: ReadingOptions): Promise<void> {
  const startedMs = reading.clock.steady();
  const sender = {
    ip: context.ip,
    isOwner: context.state['isOwner'] === true,
    requestId: context.state['requestId'] as string | undefined,
  };
  const isReplay = context.get(replayHeader) !== '';
  try {
    const body = await bodyOf(context, sender, intake, reading);
    const outcome = await intake.take({ body, isReplay, ...sender });
    context.status = 200;
    context.body = isReplay ? { became: outcome } : '';
  } finally {
    intake.answered(reading.clock.steady() - startedMs);
  }
}

async function bodyOf(
  context: Context,
  sender: PushSender,
  intake: PushIntake,
  { maxBodyBytes, bodies }: ReadingOptions,
): Promise<Buffer> {
  try {
    return await readBody(context.req, maxBodyBytes, bodies);
  } catch (error) {
    intake.unread(unreadPush(error as Error, sender));
    throw error;
  }
}

export function unreadPush(error: Error & { readonly status?: number }, sender: PushSender): UnreadPush {
  const { status = 500, message: reason } = error;
  return { read: error instanceof UnreadableBody ? error.read : Buffer.alloc(0), status, reason, ...sender };
}
