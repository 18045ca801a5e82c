// What a request is called in its answer and in the log: as a proxy has called it, or as we do.

import { randomBytes } from 'node:crypto';

export const requestIdHeader = 'X-Request-Id';

/** The id of a request: the one that it came with, where that is fit for a log, or else a new one. */
export type RequestIds = (given: string | undefined) => string;

const sane = /^[\w.:+/=@-]{1,128}$/;

/** Ids that differ from those of other listeners and earlier runs. */
export function requestIds(): RequestIds {
  const own = randomBytes(6).toString('hex');
  let count = 0;
  return (given) => (given !== undefined && sane.test(given) ? given : `${own}-${(count += 1).toString(36)}`);
}
