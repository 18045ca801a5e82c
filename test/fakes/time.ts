// A clock that a test moves: sleeps end when the test has advanced the time past them.

import type { Clock } from '../../src/runtime/clock.ts';

export interface MovableClock extends Clock {
  /** Moves the time forward by `ms`, waking every sleeper whose time has come, in order. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock by so much, as an administrator does; the steady one goes on, and nobody wakes. */
  jump(ms: number): void;
  /** How many sleepers wait. */
  sleepers(): number;
  /** Resolves once somebody sleeps (at once when somebody does). */
  untilSomebodySleeps(): Promise<void>;
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** A movable clock that starts at `startMs` (ms since 1970 UTC). */
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
      // Another advance may have gone further meanwhile.
      nowMs = Math.max(nowMs, untilMs);
      await afterPendingWork();
    },
    sleepers: () => sleepers.length,
    async untilSomebodySleeps() {
      if (sleepers.length === 0) await new Promise<void>((resolve) => watchers.push(resolve));
    },
  };
}

/** Lets everything run that is ready to run, so that sleepers who were woken reach their next wait. */
async function afterPendingWork(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
