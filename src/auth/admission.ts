// The way in for a push, in one call: where it comes from, whether it has a valid token, and whether there is room for it.

import type { IncomingMessage } from 'node:http';
import type { Authentication } from './authentication.ts';
import type { AdmittedRequest, ConcurrencyLimit } from './limits/concurrency-limit.ts';
import { rotationPath } from './tokens/token-rotation.ts';
import type { SenderAddresses } from './senders/sender-address.ts';

/** A push that was let in. */
export interface Admitted {
  /** The address that it comes from. */
  readonly ip: string;
  /** Whether it came with the owner's token, which opens everything. */
  readonly isOwner: boolean;
  readonly held: AdmittedRequest;
}

export interface Admission {
  /** Whether a request at this path may come in here: where Catchpoint sets its tokens is another door. */
  isFor(path: string): boolean;
  /** @throws Refusal with 401, 429 or 503 */
  enter(request: IncomingMessage, path: string, querystring: string): Admitted;
  /** Its body is there. */
  arrived(entered: Admitted): void;
  /** It is answered. */
  leave(entered: Admitted): void;
}

/** Whoever is here is as if the middlewares of the door and of the requests in hand had let it through. */
export function admission(
  door: Pick<Authentication, 'letIn'>,
  requests: ConcurrencyLimit,
  senders: Pick<SenderAddresses, 'of'>,
): Admission {
  return {
    isFor: (path) => path !== rotationPath,
    enter(request, path, querystring) {
      const ip = senders.of(request);
      const isOwner = door.letIn({ headers: request.headers, path, querystring }, ip);
      return { ip, isOwner, held: requests.take(ip) };
    },
    arrived: ({ held }) => requests.arrived(held),
    leave: ({ held }) => requests.release(held),
  };
}
