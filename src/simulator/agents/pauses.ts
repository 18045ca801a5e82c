// Waits that end when something has come true, when their time is over, or when the signal aborts.

import type { Clock } from '../../runtime/clock.ts';

export interface Pauses {
  /** One at a time. Looks at the condition whenever `check` is called. */
  until(isOver: () => boolean, ms?: number): Promise<void>;
  check(): void;
}

/** Listens to the signal once, however many waits there are. */
export function pauses(clock: Clock, signal: AbortSignal): Pauses {
  let current: { readonly isOver: () => boolean; readonly end: () => void } | undefined;
  signal.addEventListener('abort', () => current?.end(), { once: true });
  return {
    async until(isOver, ms) {
      if (signal.aborted || isOver()) return;
      const ended = new AbortController();
      await new Promise<void>((resolve) => {
        current = { isOver, end: resolve };
        if (ms !== undefined) clock.sleep(ms, { signal: ended.signal }).then(resolve, resolve);
      });
      current = undefined;
      ended.abort();
    },
    check() {
      if (current?.isOver() === true) current.end();
    },
  };
}
