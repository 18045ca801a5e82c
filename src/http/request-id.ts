// The id of a request in its answer and in the log: X-Request-Id of a proxy, or a new one.

import { randomBytes } from 'node:crypto';

export const requestIdHeader = 'X-Request-Id';

/** @param given - of the request, replaced when it is not safe to log */
export type RequestIds = (given: string | undefined) => string;

const safeId = /^[\w.:+/=@-]{1,128}$/;

/** The random prefix differs between listeners and between runs. */
export function requestIds(): RequestIds {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return (given) => (given !== undefined && safeId.test(given) ? given : `${prefix}-${(count += 1).toString(36)}`);
}
