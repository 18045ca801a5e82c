// Bounds the memory of all bodies that are being received. Above the bound it evicts the oldest body, so that
// slow senders cannot block the others.

import type { ArrivingBodies } from '../../http/request-body.ts';

export interface BodyMemoryLimit extends ArrivingBodies {
  readonly counts: BodyCounts;
}

/** `access.bodies` of /healthz. */
export interface BodyCounts {
  heldBytes: number;
  /** Evicted: answered 503. */
  givenUp: number;
}

/** @param maxBytes - read with every chunk */
export function bodyMemoryLimit(maxBytes: () => number): BodyMemoryLimit {
  const counts: BodyCounts = { heldBytes: 0, givenUp: 0 };
  /** In the order in which they began. */
  const bodies = new Set<{ bytes: number; readonly evicted: () => void }>();
  return {
    counts,
    begin(evicted) {
      const body = { bytes: 0, evicted };
      bodies.add(body);
      const end = (ended: typeof body): void => {
        if (bodies.delete(ended)) counts.heldBytes -= ended.bytes;
      };
      return {
        add(bytes) {
          if (!bodies.has(body)) return;
          body.bytes += bytes;
          counts.heldBytes += bytes;
          for (const oldest of bodies) {
            if (counts.heldBytes <= maxBytes()) return;
            end(oldest);
            counts.givenUp += 1;
            oldest.evicted();
          }
        },
        end: () => end(body),
      };
    },
  };
}
