// The outlet thread reads the log itself, and is restarted without loss if it dies.

import test, { type ExecutionContext } from 'ava';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { Config } from '../../../src/config/config.ts';
import { openThreadedOutlets } from '../../../src/outlet/thread/host.ts';
import type { OutletThread, ThreadStart } from '../../../src/outlet/thread/messages.ts';
import { outletThreadOf } from '../../../src/outlet/thread/worker-thread.ts';
import { openTsd, type TsdOptions } from '../../../src/simulator/tsd/tsd.ts';
import { openSpool } from '../../../src/spool/spool.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { readLog } from '../../fakes/log.ts';
import { points } from '../../fakes/points.ts';
import { until } from '../../fakes/until.ts';

const program = new URL('../../../src/outlet/thread/thread.js', import.meta.url);

async function outletsOver(t: ExecutionContext, options: TsdOptions = {}) {
  const clock = systemClock();
  const tsd = await openTsd(options);
  const spool = await openSpool({ directory: await temporaryDirectory(t), maxBytes: 1 << 26, clock });
  const { log, lines } = readLog();
  const workers: Worker[] = [];
  const start = (workerData: ThreadStart): OutletThread => {
    const worker = new Worker(program, { workerData });
    workers.push(worker);
    return outletThreadOf(worker);
  };
  const sinks = {
    tsdb: {
      isOn: true,
      urls: [tsd.url],
      put: 'http',
      putMaxBytes: 8192,
      assignUids: true,
      headers: {},
      caFile: undefined,
    },
    graphite: undefined,
    file: undefined,
  };
  const config = { ...sinks, optional: { maxBytes: undefined, maxAgeMs: 86_400_000 } } as unknown as Config;
  const outlets = await openThreadedOutlets({
    config,
    spool,
    maxBytes: 1 << 26,
    start,
    watchWrites: () => {},
    clock,
    random: Math.random,
    log,
  });
  const stop = new AbortController();
  const running = outlets.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
    await spool.close();
    await tsd.close();
  });
  return { spool, tsd, outlets, workers, lines, config };
}

const names = (held: readonly { readonly metric: string }[]): string[] =>
  [...new Set(held.map(({ metric }) => metric))].toSorted();

test('points arrive, also after an idle time, and the main thread counts them as finished', async (t) => {
  const { spool, tsd, outlets } = await outletsOver(t);
  await spool.append(points(40));
  await until(() => outlets.isIdle() && outlets.status()[0]?.accepted === 40);
  await systemClock().sleep(100);
  await spool.append(points(2, 100));
  await until(() => outlets.status()[0]?.accepted === 42);
  t.deepEqual(names(tsd.points()), names([...points(40), ...points(2, 100)]));
  t.like(outlets.status()[0], { rejected: 0, kept: 0, backlog: { points: 0 } });
});

test('a thread that dies is restarted and counted, and its unfinished points arrive', async (t) => {
  const { spool, tsd, outlets, workers, lines } = await outletsOver(t);
  await spool.append(points(10));
  await until(() => outlets.status()[0]?.accepted === 10);
  await workers[0]?.terminate();
  for (let first = 11; first <= 60; first += 10) await spool.append(points(10, first));
  await until(() => names(tsd.points()).length === 60 && outlets.status()[0]?.backlog.points === 0);
  t.deepEqual(names(tsd.points()), names(points(60)));
  t.is(outlets.restarts?.(), 1);
  t.like(lines()[0], { reason: 'exit code 1', restarts: 1 });
});

test('a rejected point becomes a dead letter, a kept point is written again, and the others are accepted', async (t) => {
  let isBusy = true;
  const storage: TsdOptions['storage'] = ({ metric }) =>
    metric.endsWith('.3') && isBusy ? { failed: 'Storage exception: Call queue is full' } : 'stored';
  const { spool, tsd, outlets } = await outletsOver(t, { storage });
  const [illegal] = points(1, 7);
  await spool.append([...points(5), { ...(illegal as NonNullable<typeof illegal>), metric: 'not legal!' }]);
  await until(() => outlets.status()[0]?.rejected === 1);
  t.like(everyLetter(spool.deadLetters)[0], { kind: 'rejected', sink: 'opentsdb' });
  isBusy = false;
  await until(() => names(tsd.points()).length === 5 && outlets.status()[0]?.backlog.points === 0);
  t.deepEqual(names(tsd.points()), names(points(5)));
});

test('a replacement OpenTSDB receives the points once it is in effect; one that cannot be opened changes nothing', async (t) => {
  const { spool, tsd, outlets, config } = await outletsOver(t);
  const other = await openTsd({});
  t.teardown(() => other.close());
  await spool.append(points(1));
  await until(() => outlets.status()[0]?.accepted === 1);
  const to = (urls: readonly string[]): Config => ({ ...config, tsdb: { ...config.tsdb, urls } });
  await t.throwsAsync(outlets.prepare(to(['no url'])));
  (await outlets.prepare(to([other.url])))();
  await spool.append(points(1, 2));
  await until(() => outlets.status()[0]?.accepted === 2);
  t.deepEqual([names(tsd.points()), names(other.points())], [names(points(1)), names(points(1, 2))]);
});
