// How many requests a sink is sent at once: more while its answers come as fast as usual, fewer when they slow down.

export interface InFlightLimit {
  /** How many requests may be in flight now; 1 or more. */
  limit(): number;
  /** A request was answered after `ms`; `inFlight` were in flight then. */
  answered(ms: number, inFlight: number): void;
  /** A request got no answer, or one that asks for less. */
  failed(): void;
}

/** How much slower than at best the answers may get before there are too many requests. */
const tolerance = 2;
/** By how much the best is forgotten with each round, so that a sink may become slower for good. */
const forgetting = 1.01;

/**
 * A limit between 1 and `max` that follows the gradient of the answer time, as TCP Vegas does: after each round of
 * answers it is multiplied by best ÷ mean (at most 1) and grows by its square root and one, so that it settles where
 * another request in flight would only wait. The best is that of a round's mean, since OpenTSDB answers a put with
 * `sync` after anything up to a second, whatever the load: there the limit goes up to `max`.
 */
export function inFlightLimit({ max = 64 }: { readonly max?: number } = {}): InFlightLimit {
  let limit = 1;
  let bestMs = Infinity;
  let round = { answers: 0, sumMs: 0 };
  return {
    limit: () => Math.floor(limit),
    answered(ms, inFlight) {
      if (inFlight < limit / 2) return;
      round = { answers: round.answers + 1, sumMs: round.sumMs + ms };
      if (round.answers < Math.max(2, limit)) return;
      const meanMs = Math.max(0.001, round.sumMs / round.answers);
      bestMs = Math.min(meanMs, bestMs * forgetting);
      const gradient = Math.max(0.5, Math.min(1, (tolerance * bestMs) / meanMs));
      limit = Math.max(1, Math.min(max, limit * gradient + Math.sqrt(limit) + 1));
      round = { answers: 0, sumMs: 0 };
    },
    failed() {
      limit = 1;
      round = { answers: 0, sumMs: 0 };
    },
  };
}
