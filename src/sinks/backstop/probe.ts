// Probes a Backstop before any points are sent: whether it answers, and takes the prefix and the password. Stores nothing.

import type { Clock } from '../../runtime/clock.ts';
import { cancellation } from '../cancellation.ts';
import { connections, post, type PostContext } from '../http-post.ts';
import { field, parseJson } from '../json-answer.ts';
import { NoVerdict } from '../no-verdict.ts';
import { redact } from '../redact.ts';
import { bridgeCounts, described, isSuccess } from './answer.ts';
import { postPublish } from './publish.ts';
import { publishAddress, type PublishAddress } from './publish-address.ts';

export interface BackstopProbeOptions {
  readonly url: string;
  readonly caFile: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const timeoutMs = 5_000;

/**
 * Asks /health beside /publish, which needs no password, and posts an empty list, which a Backstop and a bridge accept and
 * of which they store nothing. Describes the receiver, without secrets. Rejects where points would not be taken.
 */
export async function probeBackstop({ url, caFile, clock, signal }: BackstopProbeOptions): Promise<string> {
  const target = publishAddress(url);
  const redactText = redact([url], {});
  const open = connections(caFile);
  const cancel = cancellation(clock, timeoutMs);
  const context: PostContext = { connections: open, headers: {}, cancellation: cancel };
  const startedMs = clock.steady();
  try {
    const health = await healthOf(context, target, signal);
    const answer = await postPublish({ ...context, ...target }, Buffer.from('[]'), signal);
    if (!isSuccess(answer.status)) throw new Error(`${health}, and ${described(answer)}`);
    const receiver =
      bridgeCounts(answer) === undefined ? 'takes publications' : 'a bridge, which names rejected points';
    return redactText(`${receiver}, ${health}, answered in ${Math.round(clock.steady() - startedMs)} ms`);
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(redactText(`${target.address.label}: ${(error as Error).message}`), { cause: error });
  } finally {
    cancel.close(new NoVerdict('the probe is over'));
    open.close();
  }
}

async function healthOf(context: PostContext, { address, path }: PublishAddress, signal: AbortSignal): Promise<string> {
  const before = /^(.*)\/publish\/[^/?]+/.exec(path)?.[1];
  if (before === undefined) return 'no /publish in the URL, so /health is not asked';
  const request = { host: address, path: `${before}/health`, method: 'GET', isGzipped: false, signal } as const;
  const { status, text } = await post(context, { ...request, body: Buffer.alloc(0) });
  return field(parseJson(text), 'health') === 'ok' ? 'healthy' : `answered ${status} to /health`;
}
