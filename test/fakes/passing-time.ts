// Lets a movable clock's time pass while something is under way that sleeps between real input and output.

import type { MovableClock } from './time.ts';

/**
 * Moves the clock whenever somebody sleeps, and only then, until the promise is settled; what it settles to. Requests
 * and files take no time of this clock, however slow the machine is.
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

/** Lets `ms` pass beside something that never settles; ends when it sleeps again. */
export async function timePasses(clock: MovableClock, ms: number, stepMs = 30_000): Promise<void> {
  const untilMs = clock.now() + ms;
  for (;;) {
    await clock.untilSomebodySleeps();
    if (clock.now() >= untilMs) return;
    await clock.advance(Math.min(stepMs, untilMs - clock.now()));
  }
}
