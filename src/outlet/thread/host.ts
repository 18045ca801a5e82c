// The main thread's side of the outlet thread: records in the spool the outcomes that the thread sends, and restarts
// the thread if it dies.

import { backoff } from '../../runtime/backoff.ts';
import type { Config } from '../../config/config.ts';
import { logForwarded } from '../../runtime/log.ts';
import type { Batch, Retry } from '../../spool/readers/batches.ts';
import type { SpoolReader } from '../../spool/readers/reader.ts';
import type { Spool } from '../../spool/spool.ts';
import type { SinksConfig } from '../../config/settings/sink-config.ts';
import { sinkNames, sinksOf } from '../open-sinks.ts';
import type { RulingCounts } from '../outlet.ts';
import { budgetOf, isIdle, type Outlets, type OutletsOptions, type SinkStatus } from '../outlets.ts';
import { noWrites, type WriteSnapshot } from '../sink-counts.ts';
import type { FromThread, OutletThread, StartOutletThread, ThreadSink } from './messages.ts';

export interface ThreadedOutletsOptions extends Omit<OutletsOptions, 'spool' | 'releases' | 'countWrites'> {
  readonly spool: Pick<Spool, 'reader' | 'shared'>;
  readonly start: StartOutletThread;
  /** Receives the source of each sink's write counts. */
  readonly watchWrites: (seen: () => WriteSnapshot) => void;
}

interface HostedSink {
  readonly isRequired: boolean;
  readonly reader: SpoolReader;
  /** The last status that the thread has sent. */
  reported: ThreadSink;
}

interface Host extends Pick<ThreadedOutletsOptions, 'spool' | 'start' | 'clock' | 'random' | 'log'> {
  readonly sinks: ReadonlyMap<string, HostedSink>;
  /** Resolvers of the answers to `prepare`. */
  readonly preparing: Map<number, (error: string | undefined) => void>;
  thread: OutletThread | undefined;
  /** For the next start of the thread. */
  sinksConfig: SinksConfig;
  restarts: number;
  lastId: number;
}

/** Opens a reader of the spool for each sink; `run` starts the thread. */
export async function openThreadedOutlets(options: ThreadedOutletsOptions): Promise<Outlets> {
  const { config, spool, maxBytes, watchWrites } = options;
  const budget = budgetOf(config, maxBytes);
  const sinks = new Map<string, HostedSink>();
  for (const { name, isRequired } of sinkNames(config)) {
    const reader = await spool.reader(name, isRequired ? undefined : budget);
    const sink: HostedSink = { isRequired, reader, reported: nothingReported(name) };
    sinks.set(name, sink);
    watchWrites(() => sink.reported.writes);
  }
  const host: Host = {
    ...options,
    sinks,
    preparing: new Map(),
    thread: undefined,
    sinksConfig: sinksOf(config),
    restarts: 0,
    lastId: 0,
  };
  const status = (): SinkStatus[] => [...sinks.values()].map(statusOf);
  return {
    run: (signal) => run(host, signal),
    prepare: (next) => prepare(host, next),
    status,
    isIdle: () => isIdle(status()),
    restarts: () => host.restarts,
  };
}

function nothingReported(name: string): ThreadSink {
  const writes = { name, ...noWrites };
  return { name, accepted: 0, rejected: 0, kept: 0, inFlight: 0, lastError: undefined, writes };
}

function statusOf({ isRequired, reader, reported }: HostedSink): SinkStatus {
  const { writes: _, ...status } = reported;
  return { ...status, backlog: reader.backlog(), isRequired, skipped: reader.skippedPoints() };
}

const stableAfterMs = 60_000;

/** Runs the thread until the signal aborts, and restarts it after a pause if it ends before that. */
async function run(host: Host, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const startedMs = host.clock.steady();
    const error = await runOnce(host, signal);
    if (error === undefined || signal.aborted) return;
    failures = host.clock.steady() - startedMs > stableAfterMs ? 1 : failures + 1;
    host.restarts += 1;
    host.log.error(
      { reason: error.message, restarts: host.restarts },
      'the thread of the outlets has ended; it is started again, and what it had in flight is written again',
    );
    await host.clock.sleep(backoff(failures, host.random), { signal }).catch(() => undefined);
  }
}

/** A thread that has not stopped by then is ended; its points in flight stay in the spool. */
const stopWithinMs = 5_000;

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
      else receive(host, thread, message);
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
  for (const [id, resolve] of host.preparing) resolve(`the thread has ended before it answered (${id})`);
  await thread.end();
  return error;
}

function receive(host: Host, thread: OutletThread, message: Exclude<FromThread, { readonly kind: 'stopped' }>): void {
  const sink = 'sink' in message ? host.sinks.get(message.sink) : undefined;
  const answer = (id: number, finishing: Promise<void> | undefined): void => {
    finishing?.then(
      () => thread.send({ kind: 'finished', id }),
      (error: Error) => thread.send({ kind: 'finished', id, error: error.message }),
    );
  };
  switch (message.kind) {
    case 'finish': {
      const { id, counts, batch, outcome } = message;
      if (sink !== undefined) report(sink, counts);
      const finishing = sink?.reader.finish(batch as Batch, outcome);
      if (id !== undefined) answer(id, finishing);
      return;
    }
    case 'finishRetry':
      return answer(message.id, sink?.reader.finishRetry(message.retry as Retry, message.outcome));
    case 'damage':
      return host.log.error(
        { sink: message.sink, ...message.damage },
        'a part of the spool cannot be read; what was in it is lost',
      );
    case 'lostRetry':
      return sink?.reader.loseRetry(message.sequence, message.points);
    case 'prepared':
      return host.preparing.get(message.id)?.(message.error);
    case 'status':
      for (const reported of message.sinks) report(host.sinks.get(reported.name), reported);
      return;
    case 'log':
      return logForwarded(host.log, message.line);
  }
}

/** Counts come with a batch as well, so that they are never behind the spool. */
function report(sink: HostedSink | undefined, part: ThreadSink | RulingCounts): void {
  if (sink !== undefined) sink.reported = { ...sink.reported, ...part };
}

/** Has the thread open OpenTSDB's sink. The function that it returns puts the sink into effect. */
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
    thread.send({ kind: 'replace', id });
  };
}
