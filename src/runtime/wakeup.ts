// Lets one loop wait until there is something to do.

export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or at once when it has rung since it was last heard. */
  heard(): Promise<void>;
}

/** A bell for one listener. */
export function bell(): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      hasRung = true;
      wake?.();
      wake = undefined;
    },
    async heard() {
      if (!hasRung) await new Promise<void>((resolve) => void (wake = resolve));
      hasRung = false;
    },
  };
}
