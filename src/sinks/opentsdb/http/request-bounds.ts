// What ends a request before its answer: its time, the signal of whoever waits for it, the end of the sink. One sleep watches over
// the time of all of them, since dozens begin and end in a second.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../runtime/clock.ts';

/** The bounds on the requests of one sink. */
export interface RequestBounds {
  /** A request begins, and is bounded until `end` is called. Throws the reason when there is one already. */
  begin(signal: AbortSignal): RequestBound;
  /** Throws the signal's reason when it has aborted, and that of `close` after it. */
  throwIfOver(signal: AbortSignal): void;
  /** Ends every request with this reason, and those that begin later. */
  close(reason: Error): void;
}

/** The bounds on one request. */
export interface RequestBound {
  /** Why it is over; undefined as long as it may go on. */
  readonly reason: Error | undefined;
  /** Whom to tell of the reason, once. */
  onOver: ((reason: Error) => void) | undefined;
  end(): void;
}

interface Open extends RequestBound {
  reason: Error | undefined;
  /** By the steady clock. */
  readonly untilMs: number;
  over(reason: Error): void;
}

export function requestBounds(clock: Clock, timeoutMs: number): RequestBounds {
  /** In the order in which their time is over. */
  const open = new Set<Open>();
  const closing = new AbortController();
  let isWatched = false;

  async function watch(): Promise<void> {
    isWatched = true;
    for (let [first] = open; first !== undefined; [first] = open) {
      await clock.sleep(Math.max(0, first.untilMs - clock.steady()), { signal: closing.signal });
      const nowMs = clock.steady();
      for (const each of open) {
        if (each.untilMs > nowMs) break;
        each.over(new Error(`no answer within ${timeoutMs / 1000} s`));
      }
    }
    isWatched = false;
  }

  function throwIfOver(signal: AbortSignal): void {
    signal.throwIfAborted();
    closing.signal.throwIfAborted();
  }

  return {
    throwIfOver,
    begin(signal) {
      throwIfOver(signal);
      const bound = opened(open, signal, clock.steady() + timeoutMs);
      // Rejects at the end of the sink alone, when nothing is left to watch.
      if (!isWatched) watch().catch(() => undefined);
      return bound;
    },
    close(reason) {
      closing.abort(reason);
      for (const each of open) each.over(reason);
    },
  };
}

function opened(open: Set<Open>, signal: AbortSignal, untilMs: number): RequestBound {
  const abort = (): void => bound.over(signal.reason as Error);
  const bound: Open = {
    untilMs,
    reason: undefined,
    onOver: undefined,
    over(reason) {
      bound.end();
      bound.reason = reason;
      bound.onOver?.(reason);
    },
    end() {
      open.delete(bound);
      signal.removeEventListener('abort', abort);
    },
  };
  // Dozens of writes share the signal of their outlet.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', abort);
  open.add(bound);
  return bound;
}
