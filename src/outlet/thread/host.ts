// The outlets in a thread of their own, as the owner of the spool has them: it writes down what they have finished, and starts the
// thread again when it dies.

import { backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Config } from '../../config/config.ts';
import { type Log, logForwarded } from '../../runtime/log.ts';
import { sinkNames } from '../open-sinks.ts';
import type { RulingCounts } from '../outlet.ts';
import { budgetOf, isIdle, type Outlets, type OutletsOptions, type SinkStatus } from '../outlets.ts';
import type { Batch, Retry } from '../../spool/readers/batches.ts';
import type { SpoolReader } from '../../spool/readers/reader.ts';
import type { Spool } from '../../spool/spool.ts';
import { noWrites, type WriteSnapshot } from '../sink-counts.ts';
import type { FromThread, OutletThread, StartOutletThread, ThreadSink, ThreadStart } from './messages.ts';

export interface ThreadedOutletsOptions extends Omit<OutletsOptions, 'spool' | 'releases' | 'watched'> {
  readonly spool: Pick<Spool, 'reader' | 'shared'>;
  readonly start: StartOutletThread;
  /** Given what tells of the writes to each sink. */
  readonly watch: (seen: () => WriteSnapshot) => void;
}

interface HostedSink {
  readonly name: string;
  readonly isRequired: boolean;
  readonly reader: SpoolReader;
  told: ThreadSink | undefined;
}

interface Host {
  readonly config: Config;
  readonly spool: Pick<Spool, 'shared'>;
  readonly start: StartOutletThread;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly sinks: readonly HostedSink[];
  readonly preparing: Map<number, (error: string | undefined) => void>;
  thread: OutletThread | undefined;
  /** The configuration that the thread is started with. */
  sinksConfig: ThreadStart['config'];
  restarts: number;
  lastId: number;
}

/** A reader of the spool for each sink; the thread is started with `run`. */
export async function openThreadedOutlets(options: ThreadedOutletsOptions): Promise<Outlets> {
  const { config, spool, maxBytes, start, watch, clock, random, log } = options;
  const budget = budgetOf(config, maxBytes);
  const sinks: HostedSink[] = [];
  for (const { name, isRequired } of sinkNames(config)) {
    const sink: HostedSink = {
      name,
      isRequired,
      reader: await spool.reader(name, isRequired ? undefined : budget),
      told: undefined,
    };
    sinks.push(sink);
    watch(() => sink.told?.writes ?? { name, ...noWrites });
  }
  const host: Host = {
    config,
    spool,
    start,
    clock,
    random,
    log,
    sinks,
    preparing: new Map(),
    thread: undefined,
    sinksConfig: sinksOf(config),
    restarts: 0,
    lastId: 0,
  };
  return {
    run: (signal) => run(host, signal),
    prepare: (next) => prepare(host, next),
    status: () => sinks.map(statusOf),
    isIdle: () => isIdle(sinks.map(statusOf)),
    restarts: () => host.restarts,
  };
}

/** Plain values alone can be sent. */
function sinksOf({ tsdb, graphite, file }: Config): ThreadStart['config'] {
  return structuredClone({ tsdb, graphite, file });
}

function statusOf({ name, isRequired, reader, told }: HostedSink): SinkStatus {
  const { accepted = 0, rejected = 0, kept = 0, inFlight = 0, lastError, annotations } = told ?? { name };
  return {
    name,
    accepted,
    rejected,
    kept,
    inFlight,
    lastError,
    backlog: reader.backlog(),
    isRequired,
    skipped: reader.skippedPoints(),
    ...(annotations && { annotations }),
  };
}

/** Until the signal; a thread that ends by itself is started again after a pause. */
async function run(host: Host, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const startedMs = host.clock.steady();
    const error = await runOnce(host, signal);
    if (error === undefined || signal.aborted) return;
    failures = host.clock.steady() - startedMs > 60_000 ? 1 : failures + 1;
    host.restarts += 1;
    host.log.error(
      { reason: error.message, restarts: host.restarts },
      'the thread of the outlets has ended; it is started again, and what it had in flight is written again',
    );
    await host.clock.sleep(backoff(failures, host.random), { signal }).catch(() => undefined);
  }
}

async function runOnce(host: Host, signal: AbortSignal): Promise<Error | undefined> {
  const thread = host.start({ config: host.sinksConfig, store: host.spool.shared.snapshot() });
  host.thread = thread;
  host.spool.shared.listen({
    changed: (delta) => thread.send({ kind: 'changed', delta }),
    wake: () => thread.send({ kind: 'wake' }),
  });
  const stopped = new Promise<Error | undefined>((resolve) => {
    thread.onMessage((message) => {
      if (message.kind === 'stopped') resolve(message.error === undefined ? undefined : new Error(message.error));
      else heard(host, thread, message);
    });
  });
  const ended = new AbortController();
  const overdue = new Promise<undefined>((resolve) => {
    const stop = (): void => {
      thread.send({ kind: 'stop' });
      void host.clock.sleep(stopWithinMs, { signal: ended.signal }).then(
        () => resolve(undefined),
        () => {},
      );
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  const error = await Promise.race([stopped, thread.ended, overdue]);
  ended.abort();
  host.thread = undefined;
  for (const [id, done] of host.preparing) done(`the thread has ended before it answered (${id})`);
  await thread.end();
  return error;
}

function heard(host: Host, thread: OutletThread, message: Exclude<FromThread, { readonly kind: 'stopped' }>): void {
  const sinkOf = (name: string): HostedSink | undefined => host.sinks.find((sink) => sink.name === name);
  const answer = (id: number, settling: Promise<void> | undefined): void => {
    settling?.then(
      () => thread.send({ kind: 'settled', id }),
      (error: Error) => thread.send({ kind: 'settled', id, error: error.message }),
    );
  };
  switch (message.kind) {
    case 'finished':
      tell(sinkOf(message.sink), message.counts);
      void sinkOf(message.sink)?.reader.finish(message.settled as Batch, nothing);
      return;
    case 'settle':
      tell(sinkOf(message.sink), message.counts);
      return answer(message.id, sinkOf(message.sink)?.reader.finish(message.settled as Batch, message.outcome));
    case 'settleRetry':
      return answer(message.id, sinkOf(message.sink)?.reader.finishRetry(message.retry as Retry, message.outcome));
    case 'damage':
      return host.log.error(
        { sink: message.sink, ...message.damage },
        'a part of the spool cannot be read; what was in it is lost',
      );
    case 'lostRetry':
      return sinkOf(message.sink)?.reader.loseRetry(message.sequence, message.points);
    case 'prepared':
      return host.preparing.get(message.id)?.(message.error);
    case 'status':
      for (const told of message.sinks) {
        const sink = sinkOf(told.name);
        if (sink !== undefined) sink.told = told;
      }
      return;
    case 'log':
      return logForwarded(host.log, message.line);
  }
}

function tell(sink: HostedSink | undefined, counts: RulingCounts): void {
  if (sink !== undefined)
    sink.told = {
      ...(sink.told ?? {
        name: sink.name,
        inFlight: 0,
        lastError: undefined,
        writes: { name: sink.name, ...noWrites },
      }),
      ...counts,
    };
}

/** A thread that has not stopped by then is ended whatever it does; what it had in flight waits in the spool. */
const stopWithinMs = 5_000;

const nothing = { letters: [], kept: [], pauseMs: 0 };

/** Has the thread open OpenTSDB's sink anew; what is returned puts it into effect. */
async function prepare(host: Host, next: Config): Promise<() => void> {
  const { thread } = host;
  const config = sinksOf(next);
  if (thread === undefined) return () => void (host.sinksConfig = config);
  host.lastId += 1;
  const id = host.lastId;
  const error = await new Promise<string | undefined>((resolve) => {
    host.preparing.set(id, resolve);
    thread.send({ kind: 'prepare', id, config });
  });
  host.preparing.delete(id);
  if (error !== undefined) throw new Error(error);
  return () => {
    host.sinksConfig = config;
    thread.send({ kind: 'exchange', id });
  };
}
