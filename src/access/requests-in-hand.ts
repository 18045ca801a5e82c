// Bounds the requests that are in hand at once, in all and of one sender.

import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { answerExpectation } from './expectation.ts';
import { senderOf } from './networks.ts';
import { Refusal } from './refusal.ts';
import { tally } from './tally.ts';

/** Looked at with every request. */
export interface RequestBounds {
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

export interface RequestsInHand {
  readonly middleware: Middleware;
  readonly counts: RequestCounts;
}

const againMs = 1_000;

/** A body that arrives slowly takes up none of the requests of all: a few slow senders would have them. */
export function requestsInHand(bounds: RequestBounds): RequestsInHand {
  const counts: RequestCounts = { inHand: 0, overAll: 0, overSender: 0 };
  const requests = new Set<IncomingMessage>();
  const bySender = tally();
  const arrived = (): number => [...requests].reduce((sum, { complete }) => sum + Number(complete), 0);

  function admit({ ip }: Context, sender: string): void {
    const { maxRequests, maxPerSender, isProxy } = bounds;
    if (bySender.of(sender) >= maxPerSender && !isProxy(ip)) {
      counts.overSender += 1;
      throw new Refusal(429, `requests: at most ${maxPerSender} of one sender at once`, againMs);
    }
    if (requests.size >= maxRequests && arrived() >= maxRequests) {
      counts.overAll += 1;
      throw new Refusal(503, `requests: at most ${maxRequests} at once`, againMs);
    }
  }
  return {
    counts,
    async middleware(context, next) {
      const sender = senderOf(context.ip);
      admit(context, sender);
      bySender.add(sender);
      requests.add(context.req);
      counts.inHand = requests.size;
      try {
        answerExpectation(context);
        await next();
      } finally {
        bySender.remove(sender);
        requests.delete(context.req);
        counts.inHand = requests.size;
      }
    },
  };
}
