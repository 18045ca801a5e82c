// Limits the requests in flight, in total and per sender.

import type { Middleware } from 'koa';
import { answerExpectContinue } from '../../http/expect-continue.ts';
import { HttpError } from '../../http/http-error.ts';
import { senderOf } from '../senders/ip-networks.ts';
import { senderCounts } from './sender-counts.ts';

export interface ConcurrencyLimits {
  /** Requests whose bodies are read. Over it: 503. */
  readonly maxRequests: number;
  /** Requests of one sender. Over it: 429. */
  readonly maxPerSender: number;
  /** Proxies have no limit per sender. */
  readonly isProxy: (address: string) => boolean;
}

/** `access.requests` of /healthz. */
export interface RequestCounts {
  inHand: number;
  /** Answered 503. */
  overAll: number;
  /** Answered 429. */
  overSender: number;
}

/** Opaque to callers. */
export interface RequestSlot {
  readonly sender: string;
  hasBody: boolean;
}

export interface ConcurrencyLimit {
  readonly middleware: Middleware;
  /** @throws HttpError with 429 or 503 */
  acquire(ip: string): RequestSlot;
  bodyArrived(slot: RequestSlot): void;
  release(slot: RequestSlot): void;
  readonly counts: RequestCounts;
}

const retryAfterMs = 1_000;

/**
 * A push counts against `maxRequests` once its body is read: otherwise a few slow senders would take all slots. Other
 * requests count at once.
 *
 * @param limits - read with every request
 */
export function concurrencyLimit(limits: ConcurrencyLimits): ConcurrencyLimit {
  const counts: RequestCounts = { inHand: 0, overAll: 0, overSender: 0 };
  const bySender = senderCounts();
  let withBody = 0;

  function acquire(ip: string): RequestSlot {
    const sender = senderOf(ip);
    const { maxRequests, maxPerSender, isProxy } = limits;
    if (bySender.of(sender) >= maxPerSender && !isProxy(ip)) {
      counts.overSender += 1;
      throw new HttpError(429, `requests: at most ${maxPerSender} of one sender at once`, { retryAfterMs });
    }
    if (withBody >= maxRequests) {
      counts.overAll += 1;
      throw new HttpError(503, `requests: at most ${maxRequests} at once`, { retryAfterMs });
    }
    bySender.add(sender);
    counts.inHand += 1;
    return { sender, hasBody: false };
  }
  function bodyArrived(slot: RequestSlot): void {
    if (slot.hasBody) return;
    slot.hasBody = true;
    withBody += 1;
  }
  function release(slot: RequestSlot): void {
    bySender.remove(slot.sender);
    counts.inHand -= 1;
    if (slot.hasBody) withBody -= 1;
  }
  return {
    counts,
    acquire,
    bodyArrived,
    release,
    async middleware(context, next) {
      const slot = acquire(context.ip);
      bodyArrived(slot);
      try {
        answerExpectContinue(context);
        await next();
      } finally {
        release(slot);
      }
    },
  };
}
