// Exponential backoff with jitter.

interface BackoffOptions {
  /** The first pause before jitter. */
  readonly baseMs?: number;
  /** The longest pause. */
  readonly capMs?: number;
}

/**
 * The pause in ms before the next attempt. It doubles with each attempt up to `capMs`.
 * Its upper half is random, so that many clients do not retry together.
 *
 * @param attempt - the number of failed attempts, 1 or more
 * @param random - returns a number in [0, 1)
 */
export function backoff(
  attempt: number,
  random: () => number,
  { baseMs = 250, capMs = 30_000 }: BackoffOptions = {},
): number {
  const fullMs = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(fullMs / 2 + (fullMs / 2) * random());
}
