// Admits a push in one call: sender address, authentication, concurrency slot. The middlewares check the same.

import type { IncomingMessage } from 'node:http';
import type { Authentication } from './authentication.ts';
import type { ConcurrencyLimit, RequestSlot } from './limits/concurrency-limit.ts';
import type { SenderAddresses } from './senders/sender-address.ts';
import { rotationPath } from './tokens/token-rotation.ts';

export interface Admitted {
  readonly ip: string;
  /** It has the owner's token, and skips the check of senders. */
  readonly isOwner: boolean;
  readonly slot: RequestSlot;
}

export interface Admission {
  /** False for the path that sets tokens: the middleware handles it. */
  isFor(path: string): boolean;
  /** @throws HttpError with 401, 429 or 503 */
  enter(request: IncomingMessage, path: string, querystring: string): Admitted;
  /** To be called once the body is read. */
  arrived(admitted: Admitted): void;
  /** To be called once the request is answered. */
  leave(admitted: Admitted): void;
}

export function admission(
  authentication: Pick<Authentication, 'letIn'>,
  requests: ConcurrencyLimit,
  senders: Pick<SenderAddresses, 'addressOf'>,
): Admission {
  return {
    isFor: (path) => path !== rotationPath,
    enter(request, path, querystring) {
      const ip = senders.addressOf(request);
      const isOwner = authentication.letIn({ headers: request.headers, path, querystring }, ip);
      return { ip, isOwner, slot: requests.acquire(ip) };
    },
    arrived: ({ slot }) => requests.bodyArrived(slot),
    leave: ({ slot }) => requests.release(slot),
  };
}
