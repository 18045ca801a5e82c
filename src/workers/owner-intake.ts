// Where a worker's pushes are taken: by its owner, over the channel.

import type { PushIntake } from '../sources/catchpoint/push-route.ts';
import type { ToldRefusal, WorkerSays } from './handover.ts';
import { questions } from './questions.ts';

export interface OwnerIntake extends PushIntake {
  /** The owner's word on a push. */
  taken(id: number, became: string): void;
  refused(id: number, refusal: ToldRefusal): void;
  /** The owner is gone: what waits for its word, and whatever comes, is answered 503. */
  lost(): void;
  /** The times of pushes since it was asked last, ms. */
  takeTimes(): readonly number[];
}

/** The owner's refusal, or the worker's own. */
class NotTaken extends Error {
  override readonly name = 'NotTaken';
  readonly status: number;
  readonly expose: boolean;
  readonly retryAfterMs: number | undefined;
  constructor({ status, message, expose, retryAfterMs, stack }: ToldRefusal) {
    super(message);
    this.status = status;
    this.expose = expose;
    this.retryAfterMs = retryAfterMs;
    if (stack !== undefined) this.stack = stack;
  }
}

/** @param maxBytes - bound on the bodies that wait for the owner's word; asked with each push, and one may always wait */
export function ownerIntake(say: (message: WorkerSays) => void, maxBytes: () => number): OwnerIntake {
  const pushes = questions<string>();
  let waitingBytes = 0;
  let isLost = false;
  let timesMs: number[] = [];
  return {
    async take(push) {
      const { length } = push.body;
      if (isLost) throw comeAgain('push: the bridge is ending');
      if (waitingBytes > 0 && waitingBytes + length > maxBytes()) throw comeAgain(`pushes: ${pushes.count()} wait already, with ${waitingBytes} bytes`);
      waitingBytes += length;
      try {
        return await pushes.ask((id) => say({ say: 'push', id, push }));
      } finally {
        waitingBytes -= length;
      }
    },
    unread: (push) => say({ say: 'unread', push }),
    answered: (ms) => void timesMs.push(ms),
    taken: pushes.answer,
    refused: (id, refusal) => pushes.refuse(id, new NotTaken(refusal)),
    lost() {
      isLost = true;
      pushes.refuseAll(() => comeAgain('push: the bridge is ending'));
    },
    takeTimes() {
      const taken = timesMs;
      timesMs = [];
      return taken;
    },
  };
}

function comeAgain(message: string): NotTaken {
  return new NotTaken({ status: 503, message, expose: true, retryAfterMs: 1_000, stack: undefined });
}
