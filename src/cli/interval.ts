// Repetition and time limits of commands that print output every second.

import type { Clock } from '../runtime/clock.ts';

/**
 * Runs `task` every `everyMs` until the signal aborts; missed ticks are skipped.
 *
 * @param task - receives the time since its previous run, or since the start
 */
export async function everyInterval(
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

/** A signal that aborts with `signal` and after `seconds`. */
export function withTimeLimit(clock: Clock, seconds: number | undefined, signal: AbortSignal): AbortSignal {
  if (seconds === undefined) return signal;
  const limited = new AbortController();
  void clock
    .sleep(seconds * 1000, { signal })
    .catch(() => {})
    .then(() => limited.abort());
  return limited.signal;
}
