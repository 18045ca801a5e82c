// Bounds the requests that are in hand at once, in all and of one sender.

import type { Middleware } from 'koa';
import { answerExpectContinue } from '../expect-continue.ts';
import { senderOf } from '../senders/ip-networks.ts';
import { Refusal } from '../refusal.ts';
import { senderCounts } from './sender-counts.ts';

/** Looked at with every request. */
export interface ConcurrencyLimits {
  /** Over so many of which the bodies have arrived: 503. */
  readonly maxRequests: number;
  /** Over so many of one sender: 429. */
  readonly maxPerSender: number;
  /** Senders that are not counted one by one. */
  readonly isProxy: (address: string) => boolean;
}

export interface RequestCounts {
  inHand: number;
  /** Answered 503. */
  overAll: number;
  /** Answered 429. */
  overSender: number;
}

/** A request in hand; made and changed by nobody else. */
export interface AdmittedRequest {
  readonly sender: string;
  hasArrived: boolean;
}

export interface ConcurrencyLimit {
  readonly middleware: Middleware;
  /** Takes a request of this address in hand. @throws Refusal where there are too many */
  take(ip: string): AdmittedRequest;
  /** Its body is there. */
  arrived(held: AdmittedRequest): void;
  /** It is answered. */
  release(held: AdmittedRequest): void;
  readonly counts: RequestCounts;
}

const againMs = 1_000;

/** A body that arrives slowly takes up none of the requests of all: a few slow senders would have them. */
export function concurrencyLimit(bounds: ConcurrencyLimits): ConcurrencyLimit {
  const counts: RequestCounts = { inHand: 0, overAll: 0, overSender: 0 };
  const bySender = senderCounts();
  let arrivedNow = 0;

  function take(ip: string): AdmittedRequest {
    const sender = senderOf(ip);
    const { maxRequests, maxPerSender, isProxy } = bounds;
    if (bySender.of(sender) >= maxPerSender && !isProxy(ip)) {
      counts.overSender += 1;
      throw new Refusal(429, `requests: at most ${maxPerSender} of one sender at once`, { retryAfterMs: againMs });
    }
    if (arrivedNow >= maxRequests) {
      counts.overAll += 1;
      throw new Refusal(503, `requests: at most ${maxRequests} at once`, { retryAfterMs: againMs });
    }
    bySender.add(sender);
    counts.inHand += 1;
    return { sender, hasArrived: false };
  }
  function arrived(held: AdmittedRequest): void {
    if (held.hasArrived) return;
    held.hasArrived = true;
    arrivedNow += 1;
  }
  function release(held: AdmittedRequest): void {
    bySender.remove(held.sender);
    counts.inHand -= 1;
    if (held.hasArrived) arrivedNow -= 1;
  }
  return {
    counts,
    take,
    arrived,
    release,
    async middleware(context, next) {
      const held = take(context.ip);
      arrived(held);
      try {
        answerExpectContinue(context);
        await next();
      } finally {
        release(held);
      }
    },
  };
}
