// Pushes that wait for their next try, the soonest first.

/** A push that was not answered 200. */
export interface WaitingPush {
  readonly body: string;
  /** Tries so far. */
  readonly tries: number;
  /** When the first one was made, by the steady clock. */
  readonly firstTryMs: number;
  /** When the next one is due, by the steady clock. */
  readonly dueMs: number;
}

export interface RetryQueue {
  add(push: WaitingPush): void;
  soonest(): WaitingPush | undefined;
  removeSoonest(): void;
  length(): number;
}

export function retryQueue(): RetryQueue {
  /** The soonest last, since it is cheap to take from the end. */
  const waiting: WaitingPush[] = [];
  return {
    add(push) {
      let [low, high] = [0, waiting.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((waiting[middle] as WaitingPush).dueMs > push.dueMs) low = middle + 1;
        else high = middle;
      }
      waiting.splice(low, 0, push);
    },
    soonest: () => waiting.at(-1),
    removeSoonest: () => void waiting.pop(),
    length: () => waiting.length,
  };
}
