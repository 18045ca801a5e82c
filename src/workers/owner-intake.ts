// Where a worker's pushes are taken: by its owner, over the channel.

import type { Clock } from '../runtime/clock.ts';
import type { PushIntake } from '../sources/catchpoint/push-route.ts';
import type { SerializedRefusal, WorkerMessage } from './messages.ts';
import { pendingRequests } from './pending-requests.ts';

export interface OwnerIntake extends PushIntake {
  /** The owner's word on a push. */
  taken(id: number, became: string): void;
  refused(id: number, refusal: SerializedRefusal): void;
  /** The owner is gone: what waits for its word, and whatever comes, is answered 503. */
  lost(): void;
  /** The times of pushes since it was asked last, ms. */
  takeTimes(): readonly number[];
  /** Answers 503 to what has waited for too long; to be called now and then. What comes again is a duplicate, should the owner have it after all. */
  giveUpLate(): void;
}

export interface OwnerIntakeOptions {
  readonly say: (message: WorkerMessage) => void;
  /** What was said and has not left this process. */
  readonly unsentBytes: () => number;
  /** Bound on the bodies that wait for the owner's word, and on what is unsent; asked with each push, and one may always wait. */
  readonly maxBytes: () => number;
  readonly clock: Pick<Clock, 'steady'>;
}

/** An answer is there within 20 s of a push's head, whose body may take 5 s after this. */
const lateMs = 14_000;
const nothing = Buffer.alloc(0);

/** The owner's refusal, or the worker's own. */
class NotTaken extends Error {
  override readonly name = 'NotTaken';
  readonly status: number;
  readonly expose: boolean;
  readonly retryAfterMs: number | undefined;
  constructor({ status, message, expose, retryAfterMs, stack }: SerializedRefusal) {
    super(message);
    this.status = status;
    this.expose = expose;
    this.retryAfterMs = retryAfterMs;
    if (stack !== undefined) this.stack = stack;
  }
}

/** What was handed over and has had no word. */
interface Held {
  readonly bytes: number;
  readonly askedAtMs: number;
}

export function ownerIntake({ say, unsentBytes, maxBytes, clock }: OwnerIntakeOptions): OwnerIntake {
  const pushes = pendingRequests<string>();
  const held = new Map<number, Held>();
  let waitingBytes = 0;
  let isLost = false;
  let timesMs: number[] = [];
  function release(id: number): void {
    waitingBytes -= held.get(id)?.bytes ?? 0;
    held.delete(id);
  }
  return {
    async take(push) {
      const { body, ip, isOwner, requestId } = push;
      if (isLost) throw comeAgain('push: the bridge is ending');
      if (waitingBytes > 0 && waitingBytes + body.length > maxBytes()) {
        const reason = `pushes: ${held.size} wait already, with ${waitingBytes} bytes`;
        say({ say: 'unread', push: { ip, isOwner, requestId, read: nothing, status: 503, reason } });
        throw comeAgain(reason);
      }
      waitingBytes += body.length;
      return pushes.ask((id) => {
        held.set(id, { bytes: body.length, askedAtMs: clock.steady() });
        say({ say: 'push', id, push });
      });
    },
    unread: (push) => say({ say: 'unread', push: unsentBytes() > maxBytes() ? { ...push, read: nothing } : push }),
    answered: (ms) => void timesMs.push(ms),
    taken(id, became) {
      release(id);
      pushes.answer(id, became);
    },
    refused(id, refusal) {
      release(id);
      pushes.refuse(id, new NotTaken(refusal));
    },
    giveUpLate() {
      for (const [id, { askedAtMs }] of held) {
        if (clock.steady() - askedAtMs < lateMs) return;
        pushes.refuse(id, comeAgain('push: the bridge has not answered in time'));
      }
    },
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
