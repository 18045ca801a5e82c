// The way of a push over HTTP: its body is read, it is handed over to where pushes are taken, and what is said there is the answer.

import type Router from '@koa/router';
import type { Context } from 'koa';
import { type ArrivingBodies, readBody, UnreadableBody } from '../../http/request-body.ts';
import type { Clock } from '../../runtime/clock.ts';

/** A push whose body has arrived whole. */
export interface ArrivedPush extends PushSender {
  readonly body: Buffer;
  /** Whether it is told what became of it, and not archived another time. */
  readonly isReplay: boolean;
}

/** One whose body could not be read. */
export interface UnreadPush extends PushSender {
  /** As much of it as was read. */
  readonly read: Buffer;
  /** What it is answered. */
  readonly status: number;
  readonly reason: string;
}

export interface PushSender {
  /** The address that it comes from. */
  readonly ip: string;
  /** Whether it came with the owner's token, which opens everything. */
  readonly isOwner: boolean;
  readonly requestId: string | undefined;
}

/** Where pushes are taken: in this process, or by the owner of a worker. */
export interface PushIntake {
  /**
   * Takes a push; resolves with what became of it, once that is on disk.
   *
   * @throws an error with `status`, and with `retryAfterMs` where it is worth coming again
   */
  take(push: ArrivedPush): Promise<string>;
  unread(push: UnreadPush): void;
  /** Told how long a push took from its head to its answer. */
  answered(ms: number): void;
}

/** Looked at anew for each push. */
export interface ReadingOptions {
  readonly maxBodyBytes: number;
  /** Bounds the bodies that are arriving, all together. */
  readonly bodies?: ArrivingBodies | undefined;
  readonly clock: Pick<Clock, 'steady'>;
}

/** A request with this header is a replay. */
export const replayHeader = 'X-Replayed';

/** Mounts the push at `/`, the original's target, and at `/catchpoint` with whatever follows it. */
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
    const became = await intake.take({ body, isReplay, ...sender });
    context.status = 200;
    context.body = isReplay ? { became } : '';
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

/** A push whose body could not be read, for this reason. */
export function unreadPush(error: Error & { readonly status?: number }, sender: PushSender): UnreadPush {
  const { status = 500, message: reason } = error;
  return { read: error instanceof UnreadableBody ? error.read : Buffer.alloc(0), status, reason, ...sender };
}
