// The bound on a request's body. A receiver that refuses a size is not sent it again for a while.

import type { Clock } from '../../runtime/clock.ts';

export interface RequestSize {
  maxBytes(): number;
  recordTooLarge(bytes: number): void;
}

/** A bridge takes 1 MiB by default, as does nginx before a Backstop. */
const initialBytes = 262_144;
const minBytes = 256;
/** The receiver may have changed. */
const rememberedMs = 600_000;

export function requestSize(clock: Pick<Clock, 'steady'>): RequestSize {
  let refused = { maxBytes: initialBytes, untilMs: -Infinity };
  const maxBytes = (): number => (clock.steady() < refused.untilMs ? refused.maxBytes : initialBytes);
  return {
    maxBytes,
    recordTooLarge(bytes) {
      const half = Math.max(minBytes, Math.floor(bytes / 2));
      refused = { maxBytes: Math.min(maxBytes(), half), untilMs: clock.steady() + rememberedMs };
    },
  };
}
