// Limits the requests in flight to a sink: the limit rises while the answer time holds, and falls when it grows.

export interface InFlightLimit {
  /** 1 or more. */
  current(): number;
  /** Records an answer after `ms`, with `inFlight` requests in flight. */
  answered(ms: number, inFlight: number): void;
  /** Records a request without an answer, or with one that asks for less. */
  failed(): void;
}

const maxInFlight = 64;
/** The limit falls when the answer time exceeds the best answer time by this factor. */
const tolerance = 2;
/** The best time grows by this factor each round, so that the limit adapts to a permanently slower sink. */
const forgetting = 1.01;

/**
 * Follows the gradient of the answer time, as TCP Vegas does. After each round of answers the limit is multiplied by
 * best ÷ mean (at most 1) and grows by its square root and one, so it settles where one more request would only wait.
 * The best is that of a round's mean: OpenTSDB answers a put with `sync` after anything up to a second whatever the
 * load, and the limit rises to its maximum there.
 */
export function inFlightLimit(): InFlightLimit {
  let limit = 1;
  let bestMs = Infinity;
  let round = { answers: 0, sumMs: 0 };
  return {
    current: () => Math.floor(limit),
    answered(ms, inFlight) {
      if (inFlight < limit / 2) return;
      round = { answers: round.answers + 1, sumMs: round.sumMs + ms };
      if (round.answers < Math.max(2, limit)) return;
      const meanMs = Math.max(0.001, round.sumMs / round.answers);
      bestMs = Math.min(meanMs, bestMs * forgetting);
      const gradient = Math.max(0.5, Math.min(1, (tolerance * bestMs) / meanMs));
      limit = Math.max(1, Math.min(maxInFlight, limit * gradient + Math.sqrt(limit) + 1));
      round = { answers: 0, sumMs: 0 };
    },
    failed() {
      limit = 1;
      round = { answers: 0, sumMs: 0 };
    },
  };
}
