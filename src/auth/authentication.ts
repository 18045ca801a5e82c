// Authenticates requests on the push listener. Without a valid token every path answers 401.

import type { Middleware } from 'koa';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { logThrottle } from '../runtime/log-throttle.ts';
import type { AccessPolicy } from './access-policy.ts';
import { HttpError } from '../http/http-error.ts';
import { type RequestParts, tokensOfRequest } from './tokens/request-tokens.ts';
import { type TokenHash, hashOf, isAmong } from './tokens/token-hashes.ts';
import { challenge, rotationPath, type TokenRotation } from './tokens/token-rotation.ts';

interface AuthenticatorOptions {
  readonly policy: AccessPolicy;
  /** Authenticates the owner of the state directory, who may push for every node. */
  readonly ownerToken: string;
  readonly rotation: TokenRotation;
  readonly clock: Clock;
  readonly log: Log;
}

/** `access.authentication` of /healthz. */
export interface AuthenticationCounts {
  /** Answered 401. */
  unauthenticated: number;
  /** Answered 503 because Catchpoint has not set a token yet. */
  awaiting: number;
}

export interface Authentication {
  readonly middleware: Middleware;
  /**
   * @returns true for the owner's token, false for any other valid one and where none is needed
   * @throws HttpError with 401 without a valid token, with 503 before Catchpoint has set the first one
   */
  authenticate(request: RequestParts, ip: string): boolean;
  readonly counts: AuthenticationCounts;
}

/** Catchpoint sets a token every half hour, and repeats a refused push for longer than that. */
const awaitMs = 60_000;

export function authentication({ policy, ownerToken, rotation, clock, log }: AuthenticatorOptions): Authentication {
  const counts: AuthenticationCounts = { unauthenticated: 0, awaiting: 0 };
  const refusals = logThrottle(clock);
  const ownerHashes = [hashOf(ownerToken)];

  function refuse(ip: string): never {
    if (policy.rotation?.tokens.digests().length === 0) {
      counts.awaiting += 1;
      throw new HttpError(503, 'token: Catchpoint has set none yet', { retryAfterMs: awaitMs });
    }
    counts.unauthenticated += 1;
    refusals((times) => log.warn({ times, from: ip }, 'requests without a valid push token are refused'));
    throw new HttpError(401, 'token: expected a valid one', { challenge });
  }

  function isFromOwner(request: RequestParts, ip: string): boolean {
    for (const token of tokensOfRequest(request)) {
      const digest = hashOf(token);
      const isOwner = isAmong(digest, ownerHashes);
      let isValid = isOwner;
      for (const digests of validHashes(policy)) isValid = isAmong(digest, digests) || isValid;
      if (isValid) return isOwner;
    }
    return policy.needsNoToken ? false : refuse(ip);
  }

  return {
    counts,
    authenticate: isFromOwner,
    async middleware(context, next) {
      context.request.ip = policy.addressOf(context.req);
      const isRotation = context.path === rotationPath && context.method === 'POST';
      if (isRotation && policy.rotation !== undefined) return rotation.handle(context, policy.rotation);
      context.state['isOwner'] = isFromOwner(context, context.ip);
      await next();
    },
  };
}

function validHashes({ tokens, tokenFiles, rotation }: AccessPolicy): (readonly TokenHash[])[] {
  return [tokens, tokenFiles.digests(), rotation?.tokens.digests() ?? []];
}
