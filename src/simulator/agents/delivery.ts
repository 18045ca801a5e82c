// Delivers pushes by Catchpoint's rules: only 200 counts as accepted, an answer may take 20 s, and there are nine retries.

import type { Clock } from '../../runtime/clock.ts';
import { abortable, withTimeout } from '../../runtime/deadline.ts';
import type { Post } from './post.ts';
import { quantiles } from './quantiles.ts';

const answerTimeoutMs = 20_000;
/** Minutes from the first attempt to each retry. */
const retryMinutes = [1, 3, 7, 15, 23, 31, 39, 47, 55];
/** Further pushes are dropped instead of retried. */
const maxWaiting = 50_000;

export interface DeliveryStatus {
  /** POSTs, retries included. */
  readonly sent: number;
  /** Pushes answered 200. */
  readonly accepted: number;
  readonly retried: number;
  /** POSTs answered with any other status. */
  readonly refused: number;
  /** POSTs without an answer: no connection, a broken one, or a timeout. */
  readonly unanswered: number;
  /** Pushes given up after the last retry, or since too many were waiting. */
  readonly dropped: number;
  /** Pushes that wait for a retry. */
  readonly waiting: number;
  readonly inFlight: number;
  readonly answerMs: { readonly p50: number | undefined; readonly p99: number | undefined };
}

export interface DeliveryOptions {
  readonly post: Post;
  readonly clock: Clock;
  /** Divides the retry delays. */
  readonly compression: number;
  readonly maxInFlight: number;
}

export interface Delivery {
  /** Waits until a push may be sent. Rejects once the signal aborts. */
  untilFree(signal: AbortSignal): Promise<void>;
  /** Sends a push, after untilFree. Retries end once the signal aborts. */
  deliver(body: string, signal: AbortSignal): void;
  /** Waits for the answers in flight, at most `ms`. Call it after the signal has aborted. */
  drain(ms: number): Promise<void>;
  status(): DeliveryStatus;
}

export function delivery({ post, clock, compression, maxInFlight }: DeliveryOptions): Delivery {
  const counts = { sent: 0, accepted: 0, retried: 0, refused: 0, unanswered: 0, dropped: 0, waiting: 0, inFlight: 0 };
  const answerMs = quantiles();
  const free = slots(maxInFlight);
  const deliveries = new Set<Promise<void>>();
  const cut = new AbortController();

  async function isAccepted(body: string): Promise<boolean> {
    const startMs = clock.steady();
    counts.sent += 1;
    counts.inFlight += 1;
    const status = await withTimeout(clock, answerTimeoutMs, cut.signal, (signal) => post(body, signal)).catch(
      () => undefined,
    );
    counts.inFlight -= 1;
    free.release();
    if (status !== undefined) answerMs.add(clock.steady() - startMs);
    counts[status === 200 ? 'accepted' : status === undefined ? 'unanswered' : 'refused'] += 1;
    return status === 200;
  }

  async function deliver(body: string, signal: AbortSignal): Promise<void> {
    const startMs = clock.steady();
    if (await isAccepted(body)) return;
    for (const minutes of retryMinutes) {
      signal.throwIfAborted();
      if (counts.waiting >= maxWaiting) break;
      counts.waiting += 1;
      const dueMs = startMs + (minutes * 60_000) / compression;
      await clock.sleep(Math.max(0, dueMs - clock.steady()), { signal });
      await abortable(free.acquire(), signal);
      counts.waiting -= 1;
      counts.retried += 1;
      if (await isAccepted(body)) return;
    }
    counts.dropped += 1;
  }

  return {
    untilFree: (signal) => abortable(free.acquire(), signal),
    deliver(body, signal) {
      const ended = deliver(body, signal)
        .catch((error: unknown) => {
          if (!signal.aborted) throw error;
        })
        .finally(() => deliveries.delete(ended));
      deliveries.add(ended);
    },
    async drain(ms) {
      const done = new AbortController();
      clock.sleep(ms, { signal: done.signal }).then(
        () => cut.abort(),
        () => {},
      );
      await Promise.all(deliveries);
      done.abort();
    },
    status: () => ({ ...counts, answerMs: { p50: answerMs.at(0.5), p99: answerMs.at(0.99) } }),
  };
}

/** A semaphore. */
function slots(count: number): { acquire(): Promise<void>; release(): void } {
  let free = count;
  const queue: (() => void)[] = [];
  return {
    async acquire() {
      if (free === 0) return new Promise((resolve) => queue.push(resolve));
      free -= 1;
    },
    release() {
      const next = queue.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
