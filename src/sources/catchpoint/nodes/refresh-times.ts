// When the node directory is refreshed next: regularly, early for unknown nodes, later after failures.

import { backoff } from '../../../runtime/backoff.ts';
import type { Clock } from '../../../runtime/clock.ts';

export interface RefreshTimes {
  /** How long until the next refresh is due, in ms; `early`: for unknown nodes. 0 or less when it is due. */
  dueInMs(early: boolean): number;
  /** Counts from a directory of that time (in ms since 1970 UTC); without one a refresh is due at once. */
  from(refreshedAtMs: number | undefined): void;
  /** Regular refreshes come so often from now on. */
  every(everyMs: number): void;
  /** Whatever went wrong was with another source: a refresh is due at once. */
  anew(): void;
  started(): void;
  /** `filled`: nothing was left out. `found`: whether any of the unknown nodes is known now; undefined when there were none. */
  succeeded(outcome: { readonly filled: boolean; readonly found: boolean | undefined }): void;
  failed(cause: { readonly retryAfterMs: number | undefined; readonly implausible: boolean }): void;
}

export interface RefreshTimesOptions {
  readonly everyMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** An early refresh comes no sooner after the last one. */
const earlyEveryMs = 300_000;
const maxEarlyEveryMs = 3_600_000;
const unfilledEveryMs = 3_600_000;
const implausibleEveryMs = 1_800_000;
const failedEveryMs = { baseMs: 60_000, capMs: 1_800_000 } as const;

/**
 * The early refreshes come every five minutes at most; while they bring none of the unknown nodes, half as often each
 * time down to once an hour, so that pushes with invented nodes do not spend the budget of calls.
 *
 * Counted on the steady clock: a machine's time that is set right does not put a refresh off for years.
 */
export function refreshTimes({ clock, random, ...options }: RefreshTimesOptions): RefreshTimes {
  let { everyMs } = options;
  let regularAt = clock.steady();
  let notBefore = -Infinity;
  let startedAt = -Infinity;
  let earlyPauseMs = earlyEveryMs;
  let failures = 0;
  const jittered = (ms: number): number => ms * (0.9 + 0.2 * random());

  return {
    dueInMs: (early) =>
      Math.max(notBefore, early ? Math.min(regularAt, startedAt + earlyPauseMs) : regularAt) - clock.steady(),
    from(refreshedAtMs) {
      const ageMs = refreshedAtMs === undefined ? Infinity : clock.now() - refreshedAtMs;
      // A time that is still to come was written by a wrong clock.
      regularAt = clock.steady() + (ageMs >= everyMs || ageMs < 0 ? 0 : Math.max(0, jittered(everyMs) - ageMs));
    },
    every: (ms) => void (everyMs = ms),
    anew() {
      failures = 0;
      notBefore = -Infinity;
      regularAt = clock.steady();
    },
    started: () => void (startedAt = clock.steady()),
    succeeded({ filled, found }) {
      failures = 0;
      notBefore = -Infinity;
      regularAt = clock.steady() + jittered(filled ? everyMs : Math.min(everyMs, unfilledEveryMs));
      if (found !== undefined) earlyPauseMs = found ? earlyEveryMs : Math.min(maxEarlyEveryMs, earlyPauseMs * 2);
    },
    failed({ retryAfterMs = 0, implausible }) {
      failures += 1;
      const pauseMs = implausible ? jittered(implausibleEveryMs) : backoff(failures, random, failedEveryMs);
      regularAt = clock.steady() + Math.max(pauseMs, retryAfterMs);
      notBefore = regularAt;
    },
  };
}
