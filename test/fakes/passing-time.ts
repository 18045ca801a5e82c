// Advances a movable clock while code sleeps on it between real input and output.

import type { MovableClock } from './time.ts';

/**
 * Advances the clock while there is a sleeper, until the promise settles, and returns the promise. Requests and files
 * take no time of this clock, however slow the machine is.
 */
export async function untilSettled<T>(clock: MovableClock, promise: Promise<T>, stepMs = 250): Promise<T> {
  let settled = false;
  const end = promise.then(
    () => void (settled = true),
    () => void (settled = true),
  );
  while (!settled) {
    await Promise.race([end, clock.untilSomebodySleeps()]);
    if (!settled) await clock.advance(stepMs);
  }
  return promise;
}

/** Advances the clock by `ms`, and resolves at the next sleep after that. */
export async function timePasses(clock: MovableClock, ms: number, stepMs = 30_000): Promise<void> {
  const untilMs = clock.now() + ms;
  for (;;) {
    await clock.untilSomebodySleeps();
    if (clock.now() >= untilMs) return;
    await clock.advance(Math.min(stepMs, untilMs - clock.now()));
  }
}
