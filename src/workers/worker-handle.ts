// The owner's side of one worker: configures it, receives its pushes, monitors it, and ends it.

import type { AccessStatus } from '../auth/access-control.ts';
import { type Address, CannotListen } from '../http/server.ts';
import type { Clock } from '../runtime/clock.ts';
import { withTimeout } from '../runtime/deadline.ts';
import { type Deferred, deferred } from '../runtime/deferred.ts';
import type { PushIntake } from '../sources/catchpoint/push-route.ts';
import { type Channel, openChannel } from './channel.ts';
import type { OwnerMessage, SerializedRefusal, WorkerConfig, WorkerMessage } from './messages.ts';
import type { WorkerExit, WorkerProcess } from './worker-process.ts';

export interface WorkerHandle {
  readonly pid: number;
  /** As configured. */
  readonly address: Address;
  /** Rejects with CannotListen, or with the reason when the worker ends before. */
  readonly listening: Promise<ListeningAt>;
  readonly ended: Promise<WorkerExit>;
  isListening(): boolean;
  /** The reason of the failure, reported by the worker or found by the owner. */
  failure(): string | undefined;
  /** Resolves once the worker has applied it, or has ended. A worker that takes too long is killed. */
  configure(config: WorkerConfig): Promise<void>;
  /** Has the worker answer the requests in flight, and end. */
  stop(): void;
  /** Ends the worker now; kills it if it takes too long. */
  cut(): Promise<void>;
  /** To be called every second. Kills a worker that has sent nothing for too long. */
  checkAlive(): void;
  /** The last status that the worker sent. */
  access(): AccessStatus | undefined;
}

interface ListeningAt {
  readonly url: string;
  readonly port: number;
}

interface WorkerHandleOptions {
  readonly intake: PushIntake;
  /** Resolves once every worker accepts the token; rejects when it cannot be written. */
  readonly rotate: (token: string) => Promise<void>;
  readonly clock: Clock;
}

const applyTimeoutMs = 8_000;
const cutTimeoutMs = 500;
/** A listening worker sends its status every second. A starting one may be busy loading. */
const maxSilentChecks = { listening: 15, starting: 120 };

interface HandleState {
  readonly listening: Deferred<ListeningAt>;
  /** By the revision. */
  readonly applying: Map<number, Deferred<void>>;
  isListening: boolean;
  silentChecks: number;
  failure: string | undefined;
  access: AccessStatus | undefined;
}

export function workerHandle(worker: WorkerProcess, first: WorkerConfig, options: WorkerHandleOptions): WorkerHandle {
  const state: HandleState = {
    listening: deferred(),
    applying: new Map(),
    isListening: false,
    silentChecks: 0,
    failure: undefined,
    access: undefined,
  };
  const channel: Channel<OwnerMessage> = openChannel<OwnerMessage, WorkerMessage>(worker.channel, {
    receive: (message) => receive(message, state, channel, first.listen, options),
  });
  const ended = worker.ended.finally(() => {
    state.isListening = false;
    const reason = state.failure === undefined ? '' : `: ${state.failure}`;
    state.listening.reject(new Error(`a worker ended before it took pushes${reason}`));
  });
  async function orKilled(timeoutMs: number, done: Promise<unknown>): Promise<void> {
    await withTimeout(options.clock, timeoutMs, new AbortController().signal, () => done).catch(() => worker.kill());
    await done;
  }
  channel.send({ type: 'config', config: first });
  return {
    pid: worker.pid,
    address: first.listen,
    listening: state.listening.promise,
    ended,
    isListening: () => state.isListening,
    failure: () => state.failure,
    access: () => state.access,
    async configure(config) {
      const applied = deferred<void>();
      state.applying.set(config.revision, applied);
      channel.send({ type: 'config', config });
      await orKilled(applyTimeoutMs, Promise.race([ended, applied.promise]));
    },
    checkAlive() {
      state.silentChecks += 1;
      if (state.silentChecks <= maxSilentChecks[state.isListening ? 'listening' : 'starting']) return;
      state.failure = 'it said nothing any more';
      worker.kill();
    },
    stop: () => channel.send({ type: 'stop' }),
    async cut() {
      channel.send({ type: 'cut' });
      await orKilled(cutTimeoutMs, ended);
    },
  };
}

function receive(
  message: WorkerMessage,
  state: HandleState,
  channel: Channel<OwnerMessage>,
  address: Address,
  { intake, rotate }: WorkerHandleOptions,
): void {
  state.silentChecks = 0;
  switch (message.type) {
    case 'push':
      return take(message, intake, channel);
    case 'durations':
      return message.durationsMs.forEach(intake.answered);
    case 'unread':
      return intake.unread(message.push);
    case 'rotate':
      return void rotate(message.token).then(
        () => channel.send({ type: 'rotated', id: message.id, error: undefined }),
        (error: Error) => channel.send({ type: 'rotated', id: message.id, error: error.message }),
      );
    case 'status':
      return void (state.access = message.access);
    case 'applied':
      state.applying.get(message.revision)?.resolve();
      return void state.applying.delete(message.revision);
    case 'listening':
      state.isListening = true;
      return state.listening.resolve(message);
    case 'cannotListen':
      state.failure = message.reason;
      return state.listening.reject(
        new CannotListen(address, Object.assign(new Error(message.reason), message.code && { code: message.code })),
      );
    case 'failed':
      state.failure = message.reason;
  }
}

function take(
  { id, push }: Extract<WorkerMessage, { type: 'push' }>,
  intake: PushIntake,
  channel: Channel<OwnerMessage>,
): void {
  void intake.take(push).then(
    (outcome) => channel.send({ type: 'taken', id, outcome }),
    (error: Error) => channel.send({ type: 'refused', id, refusal: serializedRefusal(error) }),
  );
}

function serializedRefusal(error: Error & Partial<SerializedRefusal>): SerializedRefusal {
  const { status = 500, message, expose = false, retryAfterMs, stack } = error;
  return { status, message, expose, retryAfterMs, stack: status === 500 ? stack : undefined };
}
