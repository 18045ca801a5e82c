// How many requests a sink is sent at once: more while its answers come as fast as usual, fewer when they slow down.

export interface InFlightLimit {
  /** How many requests may be in flight now; 1 or more. */
  limit(): number;
  /** A request was answered after `ms`; `inFlight` were in flight then. */
  answered(ms: number, inFlight: number): void;
  /** A request got no answer, or one that asks for less. */
  failed(): void;
}

/** How much slower than usual the answers may get before there are too many requests. */
const tolerance = 2;

/**
 * A limit between 1 and `max` that follows the gradient of the answer time, as TCP Vegas does: the limit is multiplied
 * by usual ÷ recent (at most 1) and grows by its square root, so that it settles where another request in flight would
 * only wait. OpenTSDB answers a put with `sync` after up to a second whatever the load: there the limit goes up to `max`.
 */
export function inFlightLimit({ max = 64 }: { readonly max?: number } = {}): InFlightLimit {
  let limit = 1;
  let recentMs: number | undefined;
  let usualMs = 0;
  return {
    limit: () => Math.floor(limit),
    answered(ms, inFlight) {
      recentMs = recentMs === undefined ? ms : recentMs + 0.2 * (ms - recentMs);
      usualMs = usualMs === 0 ? ms : usualMs + 0.02 * (ms - usualMs);
      if (inFlight < limit / 2) return;
      const gradient = Math.max(0.5, Math.min(1, (tolerance * usualMs) / Math.max(recentMs, 0.001)));
      const aim = limit * gradient + Math.sqrt(limit);
      limit = Math.max(1, Math.min(max, limit + 0.2 * (aim - limit)));
    },
    failed() {
      limit = 1;
    },
  };
}
