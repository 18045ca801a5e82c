// Cancels requests: on timeout, when the caller's signal aborts, or when the sink closes. One sleep serves the timeouts
// of all requests, since dozens begin and end each second.

import { setMaxListeners } from 'node:events';
import type { Clock } from '../runtime/clock.ts';

/** Shared by all requests of a sink. */
export interface Cancellation {
  /** Covers one request until its `end`. Throws the reason when it is cancelled already. */
  begin(signal: AbortSignal): RequestCancellation;
  /** Throws the signal's reason when it has aborted, or the reason of `close`. */
  throwIfCancelled(signal: AbortSignal): void;
  /** Cancels every request, and those that begin later. */
  close(reason: Error): void;
}

export interface RequestCancellation {
  /** Undefined until the request is cancelled. */
  readonly reason: Error | undefined;
  /** Called at most once. */
  onCancel: ((reason: Error) => void) | undefined;
  end(): void;
}

interface OpenRequest extends RequestCancellation {
  reason: Error | undefined;
  /** By the steady clock. */
  readonly deadlineMs: number;
  cancel(reason: Error): void;
}

export function cancellation(clock: Clock, timeoutMs: number): Cancellation {
  /** In the order of their deadlines. */
  const open = new Set<OpenRequest>();
  const closing = new AbortController();
  let isWatching = false;

  async function watchDeadlines(): Promise<void> {
    isWatching = true;
    for (let [first] = open; first !== undefined; [first] = open) {
      await clock.sleep(Math.max(0, first.deadlineMs - clock.steady()), { signal: closing.signal });
      const nowMs = clock.steady();
      for (const each of open) {
        if (each.deadlineMs > nowMs) break;
        each.cancel(new Error(`no answer within ${timeoutMs / 1000} s`));
      }
    }
    isWatching = false;
  }

  function throwIfCancelled(signal: AbortSignal): void {
    signal.throwIfAborted();
    closing.signal.throwIfAborted();
  }

  return {
    throwIfCancelled,
    begin(signal) {
      throwIfCancelled(signal);
      const request = openRequest(open, signal, clock.steady() + timeoutMs);
      // Rejects only when the sink closes, with nothing left to watch.
      if (!isWatching) watchDeadlines().catch(() => undefined);
      return request;
    },
    close(reason) {
      closing.abort(reason);
      for (const each of open) each.cancel(reason);
    },
  };
}

function openRequest(open: Set<OpenRequest>, signal: AbortSignal, deadlineMs: number): RequestCancellation {
  const abort = (): void => request.cancel(signal.reason as Error);
  const request: OpenRequest = {
    deadlineMs,
    reason: undefined,
    onCancel: undefined,
    cancel(reason) {
      request.end();
      request.reason = reason;
      request.onCancel?.(reason);
    },
    end() {
      open.delete(request);
      signal.removeEventListener('abort', abort);
    },
  };
  // Dozens of writes share the signal of their outlet.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', abort);
  open.add(request);
  return request;
}
