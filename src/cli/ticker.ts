// What commands that show something every second have in common: their beat, their end, and how they write numbers.

import type { Clock } from '../runtime/clock.ts';

/**
 * Runs `task` every `everyMs` until the signal aborts; ticks that were missed are let go.
 *
 * @param task - is told how long ago it was run, or the start was
 */
export async function everyTick(
  clock: Clock,
  everyMs: number,
  signal: AbortSignal,
  task: (sinceMs: number) => void,
): Promise<void> {
  const startMs = clock.steady();
  let latestMs = startMs;
  for (let tick = 1; ; tick = Math.max(tick + 1, Math.ceil((latestMs - startMs) / everyMs))) {
    // A timer may end a little early.
    await clock.sleep(startMs + tick * everyMs - clock.steady(), { signal }).catch(() => {});
    if (signal.aborted) return;
    const nowMs = clock.steady();
    task(nowMs - latestMs);
    latestMs = nowMs;
  }
}

/** A signal that aborts with `signal`, or after some seconds where they are given. */
export function endAfter(clock: Clock, seconds: number | undefined, signal: AbortSignal): AbortSignal {
  if (seconds === undefined) return signal;
  const over = new AbortController();
  clock.sleep(seconds * 1000, { signal }).then(
    () => over.abort(),
    () => over.abort(),
  );
  return over.signal;
}

/** 12345.6 → 12,346 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 75.4 s → 1:15 */
export function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A duration with one decimal below ten, as `4.2 ms`; a dash when there is none. */
export function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${ms < 10 ? ms.toFixed(1) : count(ms)} ms`;
}
