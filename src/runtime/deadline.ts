// Bounds on waiting: a time, and the signals of whoever waits.

import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';

/**
 * Runs `work` with a signal that aborts when `signal` does and, with an error that says so, when `ms` have passed.
 * Whatever happens first decides, even when `work` does not heed its signal.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  void clock.sleep(ms, { signal: done.signal }).then(
    () => over.abort(new Error(`no answer within ${ms / 1000} s`)),
    () => {},
  );
  try {
    return await linked([signal, over.signal], work);
  } finally {
    done.abort();
  }
}

/** Runs `work` with a signal that aborts with the first of several. (AbortSignal.any leaks where one of them lives long.) */
export async function linked<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = ({ target }: Event): void => controller.abort((target as AbortSignal).reason);
  for (const signal of signals) signal.throwIfAborted();
  // Dozens of writes share the signal of their outlet.
  setMaxListeners(0, ...signals);
  for (const signal of signals) signal.addEventListener('abort', abort);
  try {
    return await orAborted(work(controller.signal), controller.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}

/** The promise, or the signal's reason once it aborts. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
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
