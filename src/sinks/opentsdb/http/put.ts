// Puts points in one or more requests. Halves a body that is too large, and halves a refused body until it has isolated
// the faulty point.

import type { Clock } from '../../../runtime/clock.ts';
import { NoVerdict } from '../../no-verdict.ts';
import type { RenderedPoint } from '../text/render.ts';
import type { BodySize } from './body-size.ts';
import type { TsdHost, TsdHosts } from './hosts.ts';
import { errorMessage } from './error-message.ts';
import { type Answer, gzipped, post, type PostContext } from '../../http-post.ts';
import { readPutAnswer, type FailedPoint, type PutAnswer } from './put-answer.ts';

export interface PutContext extends PostContext {
  readonly hosts: TsdHosts;
  readonly size: BodySize;
  readonly clock: Clock;
}

/** The request that put-batch.ts made with all points. Neither `answer` nor `error`: the body was too large to send. */
export interface FirstRequest {
  readonly body: Buffer;
  readonly answer?: PutAnswer;
  readonly error?: NoVerdict;
}

/** The state of one write over its requests. */
interface Attempt {
  readonly context: PutContext;
  readonly signal: AbortSignal;
  readonly pointCount: number;
  /** OpenTSDB has given a verdict on some of the points. */
  hasVerdict: boolean;
  /** The receiver is known to refuse a body for its contents only. */
  isReceiverSound: boolean;
  /** Points refused in a request that contained no other point. */
  refusedSingly: number;
}

/** The maximum time that OpenTSDB waits for its storage. */
const syncTimeoutMs = 10_000;
/** A body up to this size is never refused for its size. */
const smallBytes = 1024;
/** After so many points refused singly, and none accepted, the cause is not in the points. */
const maxRefusedSingly = 8;

/**
 * Returns the points that OpenTSDB did not accept.
 *
 * @param first - its body is not sent again
 * @throws NoVerdict when there is a verdict on none of the points
 */
export async function putAll(
  context: PutContext,
  points: readonly RenderedPoint[],
  signal: AbortSignal,
  first?: FirstRequest,
): Promise<FailedPoint[]> {
  const attempt: Attempt = {
    context,
    signal,
    pointCount: points.length,
    hasVerdict: false,
    isReceiverSound: false,
    refusedSingly: 0,
  };
  const failed = await put(attempt, points, first);
  if (attempt.pointCount > 1 && attempt.refusedSingly === attempt.pointCount) throw allRefused(failed.at(-1)?.message);
  return failed;
}

async function put(attempt: Attempt, points: readonly RenderedPoint[], first?: FirstRequest): Promise<FailedPoint[]> {
  const { size } = attempt.context;
  const body = first?.body ?? (await gzipped(`[${points.map(({ text }) => text).join(',')}]`));
  if (first === undefined) size.recordCompressed(body.length, points.length);
  const isSent = first?.answer !== undefined || first?.error !== undefined;
  if (!isSent && body.length > size.maxBytes() && points.length > 1) return putHalves(attempt, points);
  try {
    if (first?.error !== undefined) throw first.error;
    return await resolve(attempt, points, body.length, first?.answer ?? (await request(attempt, points, body)));
  } catch (error) {
    const isPerhapsTooLarge =
      error instanceof NoVerdict && error.isClosed && body.length > smallBytes && points.length > 1;
    if (!isPerhapsTooLarge) throw error;
    return putHalves(attempt, points, () => size.recordRefused(body.length, 'no-answer'));
  }
}

/** @param onFirstHalf - called once the first half has a verdict */
async function putHalves(
  attempt: Attempt,
  points: readonly RenderedPoint[],
  onFirstHalf = (): void => {},
): Promise<FailedPoint[]> {
  const middle = Math.ceil(points.length / 2);
  const firstHalf = await put(attempt, points.slice(0, middle));
  onFirstHalf();
  return [...firstHalf, ...(await putOrKeep(attempt, points.slice(middle)))];
}

/** Keeps the points of a failed request once others have a verdict: if the write threw, all would be written again. */
async function putOrKeep(attempt: Attempt, points: readonly RenderedPoint[]): Promise<FailedPoint[]> {
  try {
    return await put(attempt, points);
  } catch (error) {
    if (!(error instanceof NoVerdict) || !attempt.hasVerdict || attempt.signal.aborted) throw error;
    return points.map(({ point }) => ({ point, message: error.message, errorClass: 'storage' }));
  }
}

async function resolve(
  attempt: Attempt,
  points: readonly RenderedPoint[],
  bytes: number,
  answer: PutAnswer,
): Promise<FailedPoint[]> {
  const { size } = attempt.context;
  if (answer.kind === 'verdict') {
    attempt.hasVerdict = true;
    size.recordAccepted(bytes);
    return [...answer.failed];
  }
  if (answer.kind === 'too-large') size.recordRefused(bytes, 'too-large');
  else if (answer.kind === 'refused') await checkReceiver(attempt, answer.message);
  if (points.length > 1) return putHalves(attempt, points);
  return points.map(({ point }) => failedSingly(attempt, point, answer));
}

function failedSingly(
  attempt: Attempt,
  point: RenderedPoint['point'],
  { kind, message }: Exclude<PutAnswer, { kind: 'verdict' }>,
): FailedPoint {
  if (kind === 'unattributed') attempt.hasVerdict = true;
  else attempt.refusedSingly += 1;
  if (!attempt.hasVerdict && attempt.refusedSingly >= maxRefusedSingly) throw allRefused(message);
  return { point, message, errorClass: kind === 'refused' ? 'data' : 'storage' };
}

function allRefused(message: string | undefined): NoVerdict {
  return new NoVerdict(`every point is refused, each alone in its request: ${message}`);
}

/**
 * Puts an empty list after a 400, which plugins and proxies answer as well. A sound OpenTSDB answers that the list has no
 * points; after any other answer no point is given up.
 */
async function checkReceiver(attempt: Attempt, message: string): Promise<void> {
  if (attempt.hasVerdict || attempt.isReceiverSound) return;
  const { context, signal } = attempt;
  const emptyList = await gzipped('[]');
  const { status, text } = await context.hosts.tryInTurn((host) => postPut(context, host, emptyList, signal), signal);
  const isSound = status === 204 || /^No datapoints found/i.test(errorMessage(text) ?? '');
  if (!isSound) throw new NoVerdict(`answered 400: ${message.slice(0, 300)}`);
  attempt.isReceiverSound = true;
}

function request({ context, signal }: Attempt, rendered: readonly RenderedPoint[], body: Buffer): Promise<PutAnswer> {
  const points = rendered.map(({ point }) => point);
  return context.hosts.tryInTurn(
    async (host) => readPutAnswer(await postPut(context, host, body, signal), points, context.clock.now()),
    signal,
  );
}

export function postPut(context: PostContext, host: TsdHost, body: Buffer, signal: AbortSignal): Promise<Answer> {
  const path = `${host.prefix}/api/put?sync&sync_timeout=${syncTimeoutMs}&details`;
  return post(context, { host, path, body, isGzipped: true, signal });
}
