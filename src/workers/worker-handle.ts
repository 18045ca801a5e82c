// One worker as its owner has it: what it is told, the pushes that it hands over, and how it goes.

import type { AccessStatus } from '../auth/access-control.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Address, CannotListen } from '../http/server.ts';
import type { PushIntake } from '../sources/catchpoint/push-route.ts';
import { type Channel, openChannel } from './channel.ts';
import { deferred } from '../runtime/deferred.ts';
import type { Instructions, OwnerMessage, SerializedRefusal, WorkerMessage } from './messages.ts';
import type { WorkerEnd, WorkerProcess } from './worker-process.ts';

export interface WorkerHandle {
  readonly pid: number;
  /** As it was told it. */
  readonly address: Address;
  /** Rejects with CannotListen, or with why it ended before. */
  readonly listening: Promise<{ readonly url: string; readonly port: number }>;
  readonly ended: Promise<WorkerEnd>;
  isListening(): boolean;
  /** Why it ended, in its own words. */
  reason(): string | undefined;
  /** Tells it; resolves when it follows, or has ended, which it is made to where it takes too long. */
  instruct(instructions: Instructions): Promise<void>;
  /** Asks it to take no more, finish what is in hand, and end. */
  stop(): void;
  /** Ends it now, by force if need be. */
  cut(): Promise<void>;
  /** To be called every second that the owner itself is awake: one that has said nothing for too many of them is ended by force. */
  look(): void;
  /** What it told last; undefined: nothing yet. */
  access(): AccessStatus | undefined;
}

export interface WorkerHandleOptions {
  readonly intake: PushIntake;
  /** Catchpoint sets a token: resolves when every worker knows it; rejects where it cannot be written down. */
  readonly rotate: (token: string) => Promise<void>;
  readonly clock: Clock;
}

/** A worker that follows its instructions no sooner is ended. */
const followWithinMs = 8_000;
const cutWithinMs = 500;
/** A worker tells each second how it goes, once it listens; until then it may have much to read in. */
const mostSilentLooks = { listening: 15, starting: 120 };

/** @param first - what it is to do */
export function workerHandle(
  worker: WorkerProcess,
  first: Instructions,
  { intake, rotate, clock }: WorkerHandleOptions,
): WorkerHandle {
  let access: AccessStatus | undefined;
  let reason: string | undefined;
  let isListening = false;
  const silence = silenceWatch(() => {
    reason = 'it said nothing any more';
    worker.kill();
  });
  const listening = deferred<{ readonly url: string; readonly port: number }>();
  /** By the edition that is followed, what waits for it. */
  const waiting = new Map<number, () => void>();
  const followed = (edition: number): Promise<void> => new Promise((resolve) => waiting.set(edition, resolve));
  const channel = openChannel<OwnerMessage, WorkerMessage>(worker.channel, { hear });
  function hear(message: WorkerMessage): void {
    silence.broken();
    switch (message.say) {
      case 'push':
        return taken(message, intake, channel);
      case 'answered':
        return message.ms.forEach(intake.answered);
      case 'unread':
        return intake.unread(message.push);
      case 'rotate':
        return rotated(message, rotate, channel);
      case 'status':
        return void (access = message.access);
      case 'follows':
        waiting.get(message.edition)?.();
        return void waiting.delete(message.edition);
      case 'listening':
        isListening = true;
        return listening.resolve(message);
      case 'cannotListen':
        reason = message.reason;
        return listening.reject(cannotListen(first.listen, message));
      case 'failed':
        reason = message.reason;
    }
  }
  const ended = worker.ended.finally(() => {
    isListening = false;
    listening.reject(new Error(`a worker ended before it took pushes${reason === undefined ? '' : `: ${reason}`}`));
  });
  channel.say({ say: 'instructions', instructions: first });
  return {
    pid: worker.pid,
    address: first.listen,
    listening: listening.promise,
    ended,
    isListening: () => isListening,
    reason: () => reason,
    access: () => access,
    async instruct(instructions) {
      channel.say({
        say: 'instructions',
        instructions,
      });
      const follows = Promise.race([ended, followed(instructions.edition)]);
      await within(followWithinMs, follows, clock, worker.kill);
      await follows;
    },
    look: () => silence.look(isListening),
    stop: () => channel.say({ say: 'stop' }),
    cut: () => cut(worker, ended, channel, clock),
  };
}

function taken(
  { id, push }: Extract<WorkerMessage, { say: 'push' }>,
  intake: PushIntake,
  channel: Channel<OwnerMessage>,
): void {
  void intake.take(push).then(
    (became) => channel.say({ say: 'taken', id, became }),
    (error: Error) => channel.say({ say: 'refused', id, refusal: toldRefusal(error) }),
  );
}

function rotated(
  { id, token }: Extract<WorkerMessage, { say: 'rotate' }>,
  rotate: WorkerHandleOptions['rotate'],
  channel: Channel<OwnerMessage>,
): void {
  void rotate(token).then(
    () => channel.say({ say: 'rotated', id, fault: undefined }),
    (error: Error) => channel.say({ say: 'rotated', id, fault: error.message }),
  );
}

function silenceWatch(end: () => void) {
  let looks = 0;
  return {
    broken: () => void (looks = 0),
    look(isListening: boolean): void {
      looks += 1;
      if (looks > mostSilentLooks[isListening ? 'listening' : 'starting']) end();
    },
  };
}

async function cut(
  { kill }: WorkerProcess,
  ended: Promise<unknown>,
  channel: Channel<OwnerMessage>,
  clock: Clock,
): Promise<void> {
  channel.say({ say: 'cut' });
  await within(cutWithinMs, ended, clock, kill);
  await ended;
}

/** Waits so long at most, and does then what has to be done. */
async function within(ms: number, work: Promise<unknown>, clock: Clock, otherwise: () => void): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(ms, { signal: done.signal }).then(otherwise, () => undefined);
  await Promise.race([work, late]);
  done.abort();
}

function cannotListen(
  address: Address,
  { code, reason }: { readonly code: string | undefined; readonly reason: string },
): CannotListen {
  return new CannotListen(address, Object.assign(new Error(reason), code === undefined ? {} : { code }));
}

function toldRefusal(error: Error & Partial<SerializedRefusal>): SerializedRefusal {
  const { status = 500, message, expose = false, retryAfterMs, stack } = error;
  return { status, message, expose, retryAfterMs, stack: status === 500 ? stack : undefined };
}
