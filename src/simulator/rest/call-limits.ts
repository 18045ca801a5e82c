// Counts the calls of each consumer of the simulated REST APIs, and refuses those past Catchpoint's limits.

import type { Clock } from '../../runtime/clock.ts';

export interface CallLimits {
  readonly second: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
}

/** Catchpoint's own limits for a consumer, unless a contract says otherwise. */
export const catchpointLimits: CallLimits = { second: 7, minute: 20, hour: 500, day: 2000 };

const spansMs: Readonly<Record<keyof CallLimits, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};
const spans = Object.keys(spansMs) as (keyof CallLimits)[];

export interface CallCounts {
  /** Counts a call unless it is one too many; then tells for how many ms no further one is taken. */
  take(consumer: string): { readonly refusedForMs: number } | undefined;
  /** How many calls were taken within the last second, minute, hour and day. */
  within(consumer: string): CallLimits;
}

/** Over sliding windows, so that no moment is kinder than another. */
export function callCounts(limits: CallLimits, clock: Pick<Clock, 'now'>): CallCounts {
  const calls = new Map<string, number[]>();

  function recent(consumer: string): number[] {
    const sinceMs = clock.now() - spansMs.day;
    const times = (calls.get(consumer) ?? []).filter((atMs) => atMs > sinceMs);
    calls.set(consumer, times);
    return times;
  }

  return {
    take(consumer) {
      const times = recent(consumer);
      const waits = spans.map((span) => {
        const first = times.at(-limits[span]);
        return first === undefined ? 0 : first + spansMs[span] - clock.now();
      });
      const refusedForMs = Math.max(...waits);
      if (refusedForMs > 0) return { refusedForMs };
      times.push(clock.now());
      return undefined;
    },
    within(consumer) {
      const times = recent(consumer);
      const count = (span: keyof CallLimits): number =>
        times.filter((atMs) => atMs > clock.now() - spansMs[span]).length;
      return { second: count('second'), minute: count('minute'), hour: count('hour'), day: count('day') };
    },
  };
}
