// Catchpoint's own rules of delivery: what counts as delivered, how long an agent waits for it, when it tries again.

import type { Clock } from '../../runtime/clock.ts';
import type { Post } from './post.ts';
import { quantiles } from './quantiles.ts';
import { retryQueue, type WaitingPush } from './retry-queue.ts';

/** How long an agent waits for the answer 200. */
const patienceMs = 20_000;
/** When it tries again, in minutes since the first try; after the last of them the push is dropped. */
const retryMinutes = [1, 3, 7, 15, 23, 31, 39, 47, 55];

export interface DeliveryStatus {
  /** POSTs sent, further tries included. */
  readonly sent: number;
  /** Pushes answered 200. */
  readonly accepted: number;
  /** POSTs that were further tries. */
  readonly retried: number;
  /** POSTs answered with anything but 200. */
  readonly refused: number;
  /** POSTs without an answer: no connection, a broken one, or none within 20 s. */
  readonly unanswered: number;
  /** Pushes given up, after the last try or because too many waited. */
  readonly dropped: number;
  /** Pushes that wait for their next try. */
  readonly waiting: number;
  /** How long the answers took. */
  readonly answerMs: { readonly p50: number | undefined; readonly p99: number | undefined };
}

export interface DeliveryOptions {
  readonly post: Post;
  readonly clock: Clock;
  /** How many times sooner than in earnest the further tries come. */
  readonly compression: number;
  /** Bound on the pushes that wait for their next try. */
  readonly maxWaiting?: number;
}

export interface Delivery {
  /** Tries once, and resolves when the try is over, whatever came of it. A first try, or one that waited. */
  attempt(push: string | WaitingPush): Promise<void>;
  /** The push whose next try comes first, if any waits. */
  soonest(): WaitingPush | undefined;
  /** Takes it out of those that wait. */
  takeSoonest(): void;
  status(): DeliveryStatus;
  /** Gives up the tries that are under way. */
  abort(): void;
}

export function delivery({ post, clock, compression, maxWaiting = 50_000 }: DeliveryOptions): Delivery {
  const counts = { sent: 0, accepted: 0, retried: 0, refused: 0, unanswered: 0, dropped: 0 };
  const answerMs = quantiles();
  const waiting = retryQueue();
  const underWay = new Set<AbortController>();

  function again(body: string, tries: number, firstTryMs: number): void {
    const minutes = retryMinutes[tries - 1];
    if (minutes === undefined || waiting.length() >= maxWaiting) counts.dropped += 1;
    else waiting.add({ body, tries, firstTryMs, dueMs: firstTryMs + (minutes * 60_000) / compression });
  }

  return {
    async attempt(push) {
      const startMs = clock.steady();
      const { body, tries, firstTryMs } =
        typeof push === 'string' ? { body: push, tries: 0, firstTryMs: startMs } : push;
      counts.sent += 1;
      if (tries > 0) counts.retried += 1;
      const controller = new AbortController();
      underWay.add(controller);
      const status = await withinPatience(post, body, clock, controller).finally(() => underWay.delete(controller));
      if (status !== undefined) answerMs.add(clock.steady() - startMs);
      if (status === 200) return void (counts.accepted += 1);
      counts[status === undefined ? 'unanswered' : 'refused'] += 1;
      again(body, tries + 1, firstTryMs);
    },
    soonest: waiting.soonest,
    takeSoonest: waiting.removeSoonest,
    status: () => ({
      ...counts,
      waiting: waiting.length(),
      answerMs: { p50: answerMs.at(0.5), p99: answerMs.at(0.99) },
    }),
    abort: () => underWay.forEach((controller) => controller.abort()),
  };
}

/** The status of the answer, or undefined when none came in time. */
async function withinPatience(
  post: Post,
  body: string,
  clock: Clock,
  controller: AbortController,
): Promise<number | undefined> {
  const answered = new AbortController();
  clock.sleep(patienceMs, { signal: answered.signal }).then(
    () => controller.abort(),
    () => {},
  );
  try {
    return await post(body, controller.signal);
  } catch {
    return undefined;
  } finally {
    answered.abort();
  }
}
