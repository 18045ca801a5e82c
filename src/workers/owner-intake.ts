// The push intake of a worker: sends pushes to the owner over the channel, and waits for their outcomes.

import type { Clock } from '../runtime/clock.ts';
import type { PushIntake } from '../sources/catchpoint/push-route.ts';
import type { Channel } from './channel.ts';
import type { SerializedRefusal, WorkerMessage } from './messages.ts';
import { pendingRequests } from './pending-requests.ts';

export interface OwnerIntake extends PushIntake {
  /** The owner has taken a push. */
  taken(id: number, outcome: string): void;
  refused(id: number, refusal: SerializedRefusal): void;
  /** The owner has ended: pending pushes and all later ones are answered 503. */
  ownerEnded(): void;
  /** Durations of the pushes since the last call. */
  drainDurationsMs(): readonly number[];
  /** Answers 503 to pushes without an outcome in time. If the owner does take one, its repetition is a duplicate. */
  expire(): void;
}

interface OwnerIntakeOptions extends Pick<Channel<WorkerMessage>, 'send' | 'unsentBytes'> {
  /** Bound on the bodies that wait for outcomes, and on unsent bytes. Read with each push; one may always wait. */
  readonly maxBytes: () => number;
  readonly clock: Pick<Clock, 'steady'>;
}

/** After the body. `expire` checks every second, so the sender waits at most one second longer. */
const outcomeTimeoutMs = 14_000;
const empty = Buffer.alloc(0);

/** A push without an outcome. It counts until the owner answers, also after it expired. */
interface InFlightPush {
  readonly bytes: number;
  readonly sentAtMs: number;
}

export function ownerIntake({ send, unsentBytes, maxBytes, clock }: OwnerIntakeOptions): OwnerIntake {
  const pushes = pendingRequests<string>();
  const inFlight = new Map<number, InFlightPush>();
  let inFlightBytes = 0;
  let hasOwner = true;
  let durationsMs: number[] = [];
  function release(id: number): void {
    inFlightBytes -= inFlight.get(id)?.bytes ?? 0;
    inFlight.delete(id);
  }
  return {
    async take(push) {
      const { body, ip, isOwner, requestId } = push;
      if (!hasOwner) throw unavailable('push: the bridge is ending');
      if (inFlightBytes > 0 && inFlightBytes + body.length > maxBytes()) {
        const reason = `pushes: ${inFlight.size} wait already, with ${inFlightBytes} bytes`;
        send({ type: 'unread', push: { ip, isOwner, requestId, read: empty, status: 503, reason } });
        throw unavailable(reason);
      }
      inFlightBytes += body.length;
      return pushes.request((id) => {
        inFlight.set(id, { bytes: body.length, sentAtMs: clock.steady() });
        send({ type: 'push', id, push });
      });
    },
    unread: (push) => send({ type: 'unread', push: unsentBytes() > maxBytes() ? { ...push, read: empty } : push }),
    answered: (ms) => void durationsMs.push(ms),
    taken(id, outcome) {
      release(id);
      pushes.resolve(id, outcome);
    },
    refused(id, refusal) {
      release(id);
      pushes.reject(id, refusalError(refusal));
    },
    expire() {
      for (const [id, { sentAtMs }] of inFlight) {
        if (clock.steady() - sentAtMs < outcomeTimeoutMs) return;
        pushes.reject(id, unavailable('push: the bridge has not answered in time'));
      }
    },
    ownerEnded() {
      hasOwner = false;
      pushes.rejectAll(() => unavailable('push: the bridge is ending'));
    },
    drainDurationsMs() {
      const drained = durationsMs;
      durationsMs = [];
      return drained;
    },
  };
}

function refusalError({ message, stack, ...answer }: SerializedRefusal): Error {
  return Object.assign(new Error(message), answer, stack !== undefined && { stack });
}

function unavailable(message: string): Error {
  return refusalError({ status: 503, message, expose: true, retryAfterMs: 1_000, stack: undefined });
}
