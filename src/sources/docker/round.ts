// The samples of one poll, and the counts of all polls.

import type { Deliver } from '../../model/point.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SkipReason } from './figures/figure.ts';
import { type Gathering, gathering } from './gathering.ts';

/** Since the start; `containers` and `excluded` are of the last listing. */
export interface PollerCounts {
  samples: number;
  excluded: number;
  /** By state. */
  containers: Readonly<Record<string, number>>;
  readonly skipped: Record<string, number>;
}

export interface Round {
  /** The time of the poll, ms since 1970 UTC. */
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly skipped: Record<string, number>;
  readonly byCategory: Map<string, number>;
  readonly gathering: Gathering;
  /** Not every request has been started. */
  isStarting: boolean;
  /** Requests for samples. */
  unfinished: number;
  samples: number;
  points: number;
}

interface RoundContext {
  readonly pollMs: number;
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly counts: PollerCounts;
  /** Logs why a container has no figures. */
  readonly warn: (reason: string, container: string) => void;
}

export function newRound(context: RoundContext, nowMs: number, signal: AbortSignal): Round {
  const { deliver, pollMs, clock, counts, warn } = context;
  const round: Round = {
    nowMs,
    signal,
    skipped: {},
    byCategory: new Map(),
    isStarting: false,
    unfinished: 0,
    samples: 0,
    points: 0,
    gathering: gathering({
      deliver,
      pollMs,
      signal,
      clock,
      onStored({ points }) {
        counts.samples += 1;
        round.samples += 1;
        round.points += points.length;
      },
      onRefused({ container }, { message }) {
        skip(context, round, 'not-stored');
        warn(`not stored: ${message}`, container);
      },
    }),
  };
  return round;
}

/** Counts a container without figures. */
export function skip({ counts }: Pick<RoundContext, 'counts'>, round: Round, reason: SkipReason): void {
  counts.skipped[reason] = (counts.skipped[reason] ?? 0) + 1;
  round.skipped[reason] = (round.skipped[reason] ?? 0) + 1;
}
