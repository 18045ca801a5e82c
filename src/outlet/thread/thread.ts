// The thread of the outlets: it opens the sinks, reads the log by itself, and leaves to the owner what has to be written down.

import { randomInt } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { replaceableSink, type ReplaceableSink } from '../replaceable-sink.ts';
import { forwardingLog } from '../../runtime/log.ts';
import { outlet, type Outlet, type RulingCounts } from '../outlet.ts';
import { replaceSinks, lingerMs, openSinks } from '../open-sinks.ts';
import { storeReplica } from '../../spool/replica/store-replica.ts';
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
const asked = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
const prepared = new Map<number, () => void>();
let lastId = 0;

interface Running extends Outlet {
  readonly exchangeable: ReplaceableSink;
  readonly ring: () => void;
  readonly writes: () => WriteSnapshot;
}

function ask(question: (id: number) => FromThread): Promise<void> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    asked.set(id, { resolve, reject });
    send(question(id));
  });
}

const outlets: Running[] = [];
for (const { sink: opened } of await openSinks(config, { clock, log })) {
  const exchangeable = replaceableSink(opened);
  const { sink, seen } = countedSink(exchangeable, clock);
  const counts = (): RulingCounts =>
    outlets.find(({ exchangeable: { name } }) => name === sink.name)?.counts() ?? { accepted: 0, rejected: 0, kept: 0 };
  const reader = remoteReader({ clock, directory: snapshot.directory, store, sinkName: sink.name, counts, send, ask });
  outlets.push({
    exchangeable,
    ring: reader.bell.notify,
    writes: seen,
    ...outlet({ reader, sink, clock, log, random, lingerMs }),
  });
}

async function prepare(id: number, next: ThreadStart['config']): Promise<void> {
  try {
    prepared.set(
      id,
      replaceSinks(
        outlets.map(({ exchangeable }) => exchangeable),
        await openSinks(next, { clock, log }),
      ),
    );
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
    case 'settled': {
      const { id, error } = message;
      if (error === undefined) asked.get(id)?.resolve();
      else asked.get(id)?.reject(new Error(error));
      asked.delete(id);
      return;
    }
    case 'prepare':
      return void prepare(message.id, message.config);
    case 'exchange':
      prepared.get(message.id)?.();
      prepared.delete(message.id);
      return;
    case 'stop':
      return stop.abort();
  }
});

function wakeAll(): void {
  for (const { ring } of outlets) ring();
}

const statusEveryMs = 50;

function status(): ThreadSink[] {
  return outlets.map(({ status: now, writes, exchangeable: { annotations } }) => {
    const { backlog: _, ...others } = now();
    return { ...others, writes: writes(), ...(annotations && { annotations: annotations() }) };
  });
}

/** What is told of the sinks, as often as it changes. */
async function tellStatus(): Promise<void> {
  let told = '';
  while (!stop.signal.aborted) {
    const sinks = status();
    const text = JSON.stringify(sinks);
    if (text !== told) send({ kind: 'status', sinks });
    told = text;
    await clock.sleep(statusEveryMs, { signal: stop.signal }).catch(() => undefined);
  }
}

async function run(): Promise<void> {
  void tellStatus();
  try {
    await Promise.all(outlets.map((each) => each.run(stop.signal)));
    await Promise.all(outlets.map(({ exchangeable }) => exchangeable.close()));
    send({ kind: 'status', sinks: status() });
    send({ kind: 'stopped' });
  } catch (error) {
    send({ kind: 'stopped', error: (error as Error).message });
  }
  port.close();
}

await run();
