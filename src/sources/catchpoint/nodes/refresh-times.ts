// Schedules the refreshes of the node directory: regular, early for unknown nodes, and retries after failures.

import { backoff } from '../../../runtime/backoff.ts';
import type { Clock } from '../../../runtime/clock.ts';

export interface RefreshTimes {
  /** Time until the next refresh in ms, 0 or less when it is due. @param early - whether unknown nodes wait for it */
  dueInMs(early: boolean): number;
  /** Counts from the time of the last refresh, ms since 1970 UTC. Without one a refresh is due at once. */
  from(refreshedAtMs: number | undefined): void;
  /** Sets the interval of the regular refreshes. */
  setEvery(everyMs: number): void;
  /** Forgets earlier failures, which concern another source. A refresh is due at once. */
  sourceChanged(): void;
  started(): void;
  /**
   * @param outcome.filled - whether the listing had no gaps
   * @param outcome.found - whether it listed an unknown node; undefined when there were none
   */
  succeeded(outcome: { readonly filled: boolean; readonly found: boolean | undefined }): void;
  failed(cause: { readonly retryAfterMs: number | undefined; readonly implausible: boolean }): void;
}

const minEarlyEveryMs = 300_000;
const maxEarlyEveryMs = 3_600_000;
const unfilledEveryMs = 3_600_000;
const implausibleEveryMs = 1_800_000;
const failedEveryMs = { baseMs: 60_000, capMs: 1_800_000 } as const;

/**
 * Early refreshes come at most every five minutes. Each one that finds no unknown node doubles that pause, up to an
 * hour, so that pushes with invented nodes do not use up the budget of API calls.
 *
 * Intervals are measured by the steady clock: a corrected wall clock does not delay a refresh.
 */
export function refreshTimes(firstEveryMs: number, clock: Clock, random: () => number): RefreshTimes {
  let everyMs = firstEveryMs;
  let regularAt = clock.steady();
  let notBefore = -Infinity;
  let startedAt = -Infinity;
  let earlyEveryMs = minEarlyEveryMs;
  let failures = 0;
  const jittered = (ms: number): number => ms * (0.9 + 0.2 * random());

  return {
    dueInMs: (early) =>
      Math.max(notBefore, early ? Math.min(regularAt, startedAt + earlyEveryMs) : regularAt) - clock.steady(),
    from(refreshedAtMs) {
      const ageMs = refreshedAtMs === undefined ? Infinity : clock.now() - refreshedAtMs;
      // A negative age was written by a wrong clock.
      regularAt = clock.steady() + (ageMs >= everyMs || ageMs < 0 ? 0 : Math.max(0, jittered(everyMs) - ageMs));
    },
    setEvery: (ms) => void (everyMs = ms),
    sourceChanged() {
      failures = 0;
      notBefore = -Infinity;
      regularAt = clock.steady();
    },
    started: () => void (startedAt = clock.steady()),
    succeeded({ filled, found }) {
      failures = 0;
      notBefore = -Infinity;
      regularAt = clock.steady() + jittered(filled ? everyMs : Math.min(everyMs, unfilledEveryMs));
      if (found !== undefined) earlyEveryMs = found ? minEarlyEveryMs : Math.min(maxEarlyEveryMs, earlyEveryMs * 2);
    },
    failed({ retryAfterMs = 0, implausible }) {
      failures += 1;
      const pauseMs = implausible ? jittered(implausibleEveryMs) : backoff(failures, random, failedEveryMs);
      regularAt = clock.steady() + Math.max(pauseMs, retryAfterMs);
      notBefore = regularAt;
    },
  };
}
