// Publishes records in one or more requests. Halves a body that is too large, and halves a refused body until it has
// isolated the faulty element.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Ruling, Verdict } from '../../model/sink.ts';
import type { HttpAddress } from '../http-address.ts';
import { type Answer, post, type PostContext } from '../http-post.ts';
import { NoVerdict } from '../no-verdict.ts';
import { requestGroups } from '../request-groups.ts';
import { described, isSuccess, type PublishAnswer, readPublishAnswer } from './answer.ts';
import type { Element } from './element.ts';
import { type BackstopRecord, halvesOf, recordOf, renderRecords, withoutElements } from './record.ts';
import type { RequestSize } from './request-size.ts';

export interface PublishContext extends PostContext {
  readonly address: HttpAddress;
  /** With the query. */
  readonly path: string;
  readonly size: RequestSize;
  readonly clock: Clock;
  /** Removes the secrets of the URL from a text. */
  readonly redact: (text: string) => string;
  readonly log: Log;
}

/** The state of one write over its requests. */
interface Attempt {
  readonly context: PublishContext;
  readonly signal: AbortSignal;
  readonly rejected: Ruling[];
  readonly kept: Ruling[];
  /** The receiver has accepted an element. */
  hasAccepted: boolean;
  /** The receiver is known to refuse a body for its contents only. */
  isReceiverSound: boolean;
  /** Elements refused in a request that contained no other one. */
  refusedSingly: number;
}

/** After so many elements refused singly, and none accepted, the cause is not in the elements. */
const maxRefusedSingly = 8;

/** Of a body or an answer, in the log. */
const maxLoggedChars = 4000;

/** @throws NoVerdict when a request has no answer, or one without a verdict; then every record is to be sent again */
export async function publishAll(
  context: PublishContext,
  records: readonly BackstopRecord[],
  signal: AbortSignal,
): Promise<Verdict> {
  const attempt: Attempt = {
    context,
    signal,
    rejected: [],
    kept: [],
    hasAccepted: false,
    isReceiverSound: false,
    refusedSingly: 0,
  };
  for (const group of requestGroups(records, ({ bytes }) => bytes, context.size.maxBytes()))
    await publish(attempt, group);
  const { rejected, kept, refusedSingly } = attempt;
  const elementCount = records.reduce((sum, { elements }) => sum + elements.length, 0);
  if (elementCount > 1 && refusedSingly === elementCount) throw allRefused(rejected.at(-1)?.reason);
  return { rejected, kept };
}

async function publish(attempt: Attempt, records: readonly BackstopRecord[]): Promise<void> {
  const { context, signal } = attempt;
  const elements = records.flatMap((record) => record.elements);
  const body = Buffer.from(renderRecords(records));
  const response = await postPublish(context, body, signal);
  logExchange(context, body, response);
  const answer = readPublishAnswer(response, elements.length, context.clock.now());
  if (answer.kind === 'taken') return recordTaken(attempt, records, elements, answer);
  if (answer.kind === 'refused') await checkReceiver(attempt, answer.message);
  else recordTooLarge(context, body.length);
  return publishHalves(attempt, records, answer);
}

function logExchange({ address, redact, log }: PublishContext, body: Buffer, { status, text }: Answer): void {
  if (!log.isLevelEnabled('debug')) return;
  const sent = body.toString('utf8', 0, maxLoggedChars);
  const answer = redact(text.slice(0, maxLoggedChars));
  log.debug({ url: address.label, status, sent, answer }, 'Backstop answered');
}

async function recordTaken(
  attempt: Attempt,
  records: readonly BackstopRecord[],
  elements: readonly Element[],
  { rejected, untold }: Extract<PublishAnswer, { kind: 'taken' }>,
): Promise<void> {
  const named = new Set<Element>();
  for (const [index, reason] of rejected) {
    const element = elements[index] as Element;
    named.add(element);
    attempt.rejected.push({ point: element.point, reason });
  }
  if (rejected.size + untold < elements.length) attempt.hasAccepted = true;
  if (untold === 0) return;
  if (named.size === 0) {
    await publishHalves(attempt, records, { kind: 'refused', message: 'rejected without a reason' });
    return;
  }
  // The bridge stores nothing twice: each record keeps its id, and what is accepted of it is the same.
  await publish(
    attempt,
    records.map((record) => withoutElements(record, named)).filter(({ elements: own }) => own.length > 0),
  );
}

/** Halves between records where there are several, otherwise within the record. Rules on a single element. */
async function publishHalves(
  attempt: Attempt,
  records: readonly BackstopRecord[],
  { kind, message }: Exclude<PublishAnswer, { kind: 'taken' }>,
): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  if (records.length > 1) {
    for (const half of halvesOf(records)) await publish(attempt, half);
  } else if (first.elements.length > 1) {
    for (const half of halvesOf(first.elements)) await publish(attempt, [recordOf(half)]);
  } else {
    const [{ point }] = first.elements as readonly [Element];
    if (kind === 'refused') recordRefusedSingly(attempt, message);
    (kind === 'refused' ? attempt.rejected : attempt.kept).push({ point, reason: message });
  }
}

/** @throws NoVerdict when it seems that the receiver refuses everything */
function recordRefusedSingly(attempt: Attempt, message: string): void {
  attempt.refusedSingly += 1;
  if (!attempt.hasAccepted && attempt.refusedSingly >= maxRefusedSingly) throw allRefused(message);
}

function allRefused(message: string | undefined): NoVerdict {
  return new NoVerdict(`every point is refused, each alone in its request: ${message}`);
}

/**
 * Publishes an empty list after a 400, which proxies answer as well. A sound receiver accepts it; after any other answer no
 * point is given up.
 */
async function checkReceiver(attempt: Attempt, message: string): Promise<void> {
  if (attempt.isReceiverSound) return;
  const answer = await postPublish(attempt.context, Buffer.from('[]'), attempt.signal);
  if (!isSuccess(answer.status)) throw new NoVerdict(`${message}; an empty list is ${described(answer)}`);
  attempt.isReceiverSound = true;
}

/** Logs each smaller bound once: at a receiver that finds everything too large, each point has a request of its own. */
function recordTooLarge({ size, log, address }: PublishContext, bytes: number): void {
  const maxBytes = size.maxBytes();
  size.recordTooLarge(bytes);
  const nextMaxBytes = size.maxBytes();
  if (nextMaxBytes < maxBytes)
    log.warn({ url: address.label, bytes, nextMaxBytes }, 'Backstop: a request was too large');
}

export function postPublish(
  context: Pick<PublishContext, 'address' | 'path' | keyof PostContext>,
  body: Buffer,
  signal: AbortSignal,
): Promise<Answer> {
  const { address, path } = context;
  return post(context, { host: address, path, body, isGzipped: false, signal });
}
