// A wakeup for one waiting loop.

export interface Wakeup {
  /** Wakes the loop, or makes its next `wait` return at once. */
  notify(): void;
  /** Resolves at the next `notify`, or at once after a `notify` since the last `wait`. */
  wait(): Promise<void>;
}

export function wakeup(): Wakeup {
  let isNotified = false;
  let wake: (() => void) | undefined;
  return {
    notify() {
      isNotified = true;
      wake?.();
      wake = undefined;
    },
    async wait() {
      if (!isNotified) await new Promise<void>((resolve) => void (wake = resolve));
      isNotified = false;
    },
  };
}
