// A clock that a test advances; a sleep ends when the time has passed its end.

import type { Clock } from '../../src/runtime/clock.ts';

export interface MovableClock extends Clock {
  /** Advances the time by `ms` and wakes each sleeper whose time has come, in order. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, as an administrator does. The steady clock goes on, and no sleeper wakes. */
  jump(ms: number): void;
  sleepers(): number;
  /** Resolves once there is a sleeper. */
  untilSomebodySleeps(): Promise<void>;
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** @param startMs - ms since 1970 UTC */
export function movableClock(startMs = Date.UTC(2026, 10, 18, 10)): MovableClock {
  let nowMs = startMs;
  let jumpedMs = 0;
  let sleepers: Sleeper[] = [];
  let watchers: (() => void)[] = [];

  function sleep(ms: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        sleepers = sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const sleeper: Sleeper = { wakeAtMs: nowMs + ms, wake };
      sleepers.push(sleeper);
      signal?.addEventListener('abort', giveUp, { once: true });
      for (const watcher of watchers.splice(0)) watcher();
    });
  }

  return {
    now: () => nowMs + jumpedMs,
    jump: (ms) => void (jumpedMs += ms),
    steady: () => nowMs - startMs,
    sleep: async (ms, options) => sleep(ms, options),
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = sleepers
          .toSorted((a, b) => a.wakeAtMs - b.wakeAtMs)
          .find((sleeper) => sleeper.wakeAtMs <= untilMs);
        if (next === undefined) break;
        sleepers = sleepers.filter((other) => other !== next);
        nowMs = Math.max(nowMs, next.wakeAtMs);
        next.wake();
        await afterPendingWork();
      }
      // A concurrent advance may have gone further.
      nowMs = Math.max(nowMs, untilMs);
      await afterPendingWork();
    },
    sleepers: () => sleepers.length,
    async untilSomebodySleeps() {
      if (sleepers.length === 0) await new Promise<void>((resolve) => watchers.push(resolve));
    },
  };
}

/** Lets woken sleepers reach their next wait. */
async function afterPendingWork(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
