// How long to wait before trying again.

export interface BackoffOptions {
  /** The first pause, before jitter. */
  readonly baseMs?: number;
  /** No pause is longer. */
  readonly capMs?: number;
}

/**
 * The pause in milliseconds before attempt number `attempt` + 1: doubled for each attempt up to `capMs`, of which the
 * upper half is random so that many clients do not come back together.
 *
 * @param attempt - how many attempts have failed so far, 1 or more
 * @param random - a number in [0, 1), as `Math.random` gives
 */
export function backoff(
  attempt: number,
  random: () => number,
  { baseMs = 250, capMs = 30_000 }: BackoffOptions = {},
): number {
  const fullMs = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(fullMs / 2 + (fullMs / 2) * random());
}
