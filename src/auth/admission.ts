// Admits a push in one call: sender address, authentication, concurrency slot. The middlewares perform the same checks.

import type { IncomingMessage } from 'node:http';
import type { Authentication } from './authentication.ts';
import type { ConcurrencyLimit, RequestSlot } from './limits/concurrency-limit.ts';
import type { SenderAddresses } from './senders/sender-address.ts';
import { rotationPath } from './tokens/token-rotation.ts';

export interface AdmittedPush {
  readonly ip: string;
  /** It has the owner's token, and skips the check of senders. */
  readonly isOwner: boolean;
  readonly slot: RequestSlot;
}

export interface Admission {
  /** False for the path that sets tokens: the middleware handles it. */
  handles(path: string): boolean;
  /** @throws HttpError with 401, 429 or 503 */
  admit(request: IncomingMessage, path: string, querystring: string): AdmittedPush;
  /** To be called once the body is read. */
  bodyArrived(admitted: AdmittedPush): void;
  /** To be called once the request is answered. */
  release(admitted: AdmittedPush): void;
}

export function admission(
  authentication: Pick<Authentication, 'authenticate'>,
  requests: ConcurrencyLimit,
  senders: Pick<SenderAddresses, 'addressOf'>,
): Admission {
  return {
    handles: (path) => path !== rotationPath,
    admit(request, path, querystring) {
      const ip = senders.addressOf(request);
      const isOwner = authentication.authenticate({ headers: request.headers, path, querystring }, ip);
      return { ip, isOwner, slot: requests.acquire(ip) };
    },
    bodyArrived: ({ slot }) => requests.bodyArrived(slot),
    release: ({ slot }) => requests.release(slot),
  };
}
