// Lets one loop wait until there is something to do.

export interface Wakeup {
  notify(): void;
  /** Resolves at the next ring, or at once when it has rung since it was last heard. */
  wait(): Promise<void>;
}

/** A bell for one listener. */
export function wakeup(): Wakeup {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    notify() {
      hasRung = true;
      wake?.();
      wake = undefined;
    },
    async wait() {
      if (!hasRung) await new Promise<void>((resolve) => void (wake = resolve));
      hasRung = false;
    },
  };
}
