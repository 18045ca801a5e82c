// Bounds the memory of all bodies that are arriving: over the bound the one that has been on its way longest is given up, so
// that slow senders cannot keep out others.

import type { ArrivingBodies } from '../../http/request-body.ts';

export interface BodyMemoryLimit extends ArrivingBodies {
  readonly counts: BodyCounts;
}

export interface BodyCounts {
  heldBytes: number;
  /** Bodies that were given up: answered 503. */
  givenUp: number;
}

/** @param maxBytes - asked with every piece of a body */
export function bodyMemoryLimit(maxBytes: () => number): BodyMemoryLimit {
  const counts: BodyCounts = { heldBytes: 0, givenUp: 0 };
  /** In the order in which they began. */
  const bodies = new Set<{ bytes: number; readonly giveUp: () => void }>();
  return {
    counts,
    begin(giveUp) {
      const body = { bytes: 0, giveUp };
      bodies.add(body);
      const end = (of: typeof body): void => {
        if (bodies.delete(of)) counts.heldBytes -= of.bytes;
      };
      return {
        take(bytes) {
          if (!bodies.has(body)) return;
          body.bytes += bytes;
          counts.heldBytes += bytes;
          for (const oldest of bodies) {
            if (counts.heldBytes <= maxBytes()) return;
            end(oldest);
            counts.givenUp += 1;
            oldest.giveUp();
          }
        },
        end: () => end(body),
      };
    },
  };
}
