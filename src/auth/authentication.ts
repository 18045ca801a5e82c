// The door of the push listener: who presents a valid token goes through to the routes, everybody else is refused, whatever
// they asked for.

import type { Middleware } from 'koa';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { logThrottle } from '../runtime/log-throttle.ts';
import { type TokenHash, hashOf, isAmong } from './tokens/token-hashes.ts';
import { type Presenting, tokensOfRequest } from './tokens/request-tokens.ts';
import { Refusal } from './refusal.ts';
import { challenge, type Rotation, rotationPath } from './tokens/token-rotation.ts';
import type { SenderAddresses } from './senders/sender-address.ts';

/** Looked at with every request. */
export interface AuthenticationOptions {
  /** The lists of tokens that are valid now. */
  readonly valid: () => readonly (readonly TokenHash[])[];
  /** Whether there are no tokens to be had, so that everybody goes through. */
  readonly isOpen: boolean;
  /** Of the owner of the state directory, who may push for every node. */
  readonly ownerToken: string;
  /** Where Catchpoint sets the tokens; undefined: it does not. */
  readonly rotation: (Rotation & { isAwaited(): boolean }) | undefined;
  readonly senders: SenderAddresses;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AuthenticationCounts {
  /** Answered 401: no valid token. */
  unauthenticated: number;
  /** Answered 503: Catchpoint has set no token yet. */
  awaiting: number;
}

export interface Authentication {
  readonly middleware: Middleware;
  /**
   * Whether who is at this address presents the owner's token.
   *
   * @throws Refusal where no valid one is presented
   */
  letIn(presenting: Presenting, ip: string): boolean;
  readonly counts: AuthenticationCounts;
}

/** Catchpoint sets a token every half hour, and pushes again for longer than that. */
const awaitMs = 60_000;

export function authentication(options: AuthenticationOptions): Authentication {
  const { valid, ownerToken, senders, clock, log } = options;
  const counts: AuthenticationCounts = { unauthenticated: 0, awaiting: 0 };
  const strangers = logThrottle(clock);
  const owner = [hashOf(ownerToken)];

  function refuse(ip: string): never {
    if (options.rotation?.isAwaited() === true) {
      counts.awaiting += 1;
      throw new Refusal(503, 'token: Catchpoint has set none yet', { retryAfterMs: awaitMs });
    }
    counts.unauthenticated += 1;
    strangers((times) => log.warn({ times, from: ip }, 'requests without a valid push token are refused'));
    throw new Refusal(401, 'token: expected a valid one', { challenge });
  }

  /** Whether the token is the owner's, or undefined when none is valid. */
  function judged(presenting: Presenting): boolean | undefined {
    for (const token of tokensOfRequest(presenting)) {
      const digest = hashOf(token);
      const isOwner = isAmong(digest, owner);
      let isValid = isOwner;
      for (const digests of valid()) isValid = isAmong(digest, digests) || isValid;
      if (isValid) return isOwner;
    }
    return undefined;
  }

  function letIn(presenting: Presenting, ip: string): boolean {
    const isOwner = judged(presenting);
    if (isOwner === undefined && !options.isOpen) refuse(ip);
    return isOwner === true;
  }

  return {
    counts,
    letIn,
    async middleware(context, next) {
      context.request.ip = senders.of(context.req);
      const { rotation } = options;
      if (rotation !== undefined && context.path === rotationPath && context.method === 'POST')
        return rotation.take(context);
      context.state['isOwner'] = letIn(context, context.ip);
      await next();
    },
  };
}
