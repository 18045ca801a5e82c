// The outlet thread: opens the sinks and runs their outlets. It reads the log itself; only the main thread writes to
// the spool.

import { randomInt } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { forwardingLog } from '../../runtime/log.ts';
import { storeReplica } from '../../spool/replica/store-replica.ts';
import { lingerMs } from '../linger.ts';
import type { SinksConfig } from '../../config/settings/sink-config.ts';
import { openSinks, prepareSink } from '../open-sinks.ts';
import { outlet, type Outlet, type RulingCounts } from '../outlet.ts';
import { replaceableSink, type ReplaceableSink } from '../replaceable-sink.ts';
import { countedSink, type WriteSnapshot } from '../sink-counts.ts';
import type { FromThread, ThreadSink, ThreadStart, ToThread } from './messages.ts';
import { remoteReader } from './remote-reader.ts';

const port = parentPort as NonNullable<typeof parentPort>;
const { config, store: snapshot } = workerData as ThreadStart;
const clock = systemClock();
const send = (message: FromThread): void => port.postMessage(message);
const log = forwardingLog((line) => send({ kind: 'log', line }));
const store = storeReplica(snapshot, clock);
const random = (): number => randomInt(2 ** 32) / 2 ** 32;
const stop = new AbortController();
const pending = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
const prepared = new Map<number, () => void>();
let lastId = 0;

interface ThreadOutlet extends Outlet {
  readonly replaceable: ReplaceableSink;
  readonly wake: () => void;
  readonly writes: () => WriteSnapshot;
}

function request(message: (id: number) => FromThread): Promise<void> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    pending.set(id, { resolve, reject });
    send(message(id));
  });
}

const outlets: ThreadOutlet[] = [];
for (const { sink: opened } of await openSinks(config, { clock, log })) {
  const replaceable = replaceableSink(opened);
  const { sink, snapshot: writes } = countedSink(replaceable, clock);
  const counts = (): RulingCounts => one.counts();
  const reader = remoteReader({
    clock,
    directory: snapshot.directory,
    store,
    sinkName: sink.name,
    counts,
    send,
    request,
  });
  const one = outlet({ reader, sink, clock, log, random, lingerMs });
  outlets.push({ replaceable, wake: reader.wakeup.notify, writes, ...one });
}

async function prepare(id: number, next: SinksConfig): Promise<void> {
  const current = outlets.map(({ replaceable }) => replaceable);
  try {
    prepared.set(id, await prepareSink(current, next, { clock, log }));
    send({ kind: 'prepared', id });
  } catch (error) {
    send({ kind: 'prepared', id, error: (error as Error).message });
  }
}

port.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'changed':
      store.put(message.delta);
      return wakeAll();
    case 'wake':
      return wakeAll();
    case 'finished': {
      const { id, error } = message;
      if (error === undefined) pending.get(id)?.resolve();
      else pending.get(id)?.reject(new Error(error));
      pending.delete(id);
      return;
    }
    case 'prepare':
      return void prepare(message.id, message.config);
    case 'replace':
      prepared.get(message.id)?.();
      prepared.delete(message.id);
      return;
    case 'stop':
      return stop.abort();
  }
});

function wakeAll(): void {
  for (const { wake } of outlets) wake();
}

function status(): ThreadSink[] {
  return outlets.map(({ status: statusOf, writes, replaceable: { annotations } }) => {
    const { backlog: _, ...status } = statusOf();
    return { ...status, writes: writes(), ...(annotations && { annotations: annotations() }) };
  });
}

const statusEveryMs = 50;

async function reportStatus(): Promise<void> {
  let reported = '';
  while (!stop.signal.aborted) {
    const sinks = status();
    const text = JSON.stringify(sinks);
    if (text !== reported) send({ kind: 'status', sinks });
    reported = text;
    await clock.sleep(statusEveryMs, { signal: stop.signal }).catch(() => undefined);
  }
}

async function run(): Promise<void> {
  void reportStatus();
  try {
    await Promise.all(outlets.map((each) => each.run(stop.signal)));
    await Promise.all(outlets.map(({ replaceable }) => replaceable.close()));
    send({ kind: 'status', sinks: status() });
    send({ kind: 'stopped' });
  } catch (error) {
    send({ kind: 'stopped', error: (error as Error).message });
  }
  port.close();
}

await run();
