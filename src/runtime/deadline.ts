// Timeouts and signals around promises.

import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';

/** The reason of a signal that aborted because the time was over. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/**
 * Runs `work` with a signal that aborts after `ms` or with `signal`.
 * Rejects as soon as that signal aborts, even if `work` ignores it; with TimedOut after the time.
 */
export async function withTimeout<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController();
  const done = new AbortController();
  void clock.sleep(ms, { signal: done.signal }).then(
    () => timeout.abort(new TimedOut(`no answer within ${ms / 1000} s`)),
    () => {},
  );
  try {
    return await withAnySignal([signal, timeout.signal], work);
  } finally {
    done.abort();
  }
}

/** Runs `work` with a signal that aborts with the first of several. AbortSignal.any leaks with long-lived signals. */
export async function withAnySignal<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = ({ target }: Event): void => controller.abort((target as AbortSignal).reason);
  for (const signal of signals) signal.throwIfAborted();
  // Dozens of writes listen to the signal of their outlet.
  setMaxListeners(0, ...signals);
  for (const signal of signals) signal.addEventListener('abort', abort);
  try {
    return await abortable(work(controller.signal), controller.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}

/** Settles like the promise, or rejects with the reason of the signal if that aborts first. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
