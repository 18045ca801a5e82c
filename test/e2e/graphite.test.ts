// The Graphite sinks write to a real carbon-cache, through its restarts and its death.

import type { ExecutionContext } from 'ava';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { DataPoint } from '../../src/model/point.ts';
import type { Sink } from '../../src/model/sink.ts';
import { type GraphiteOptions, graphiteSinks } from '../../src/sinks/graphite/graphite.ts';
import { naming } from '../../src/sinks/graphite/naming.ts';
import { carbonRing } from '../../src/sinks/graphite/hash-ring.ts';
import { points } from '../fakes/points.ts';
import { type CarbonCache, carbonCache } from './carbon-cache.ts';
import { e2e } from './e2e.ts';
import { golden } from './golden.ts';
import { bridge, nodesAndState, unreachableTsdb, untilDelivered, untilNodes, untilStatus } from './program.ts';

const forever = { signal: new AbortController().signal };

function sinkTo(t: ExecutionContext, { port }: CarbonCache, options: Partial<GraphiteOptions> = {}): Sink {
  const [sink] = graphiteSinks({
    destinations: [{ host: '127.0.0.1', port }],
    names: 'tagged',
    clock: systemClock(),
    log: silentLog(),
    ...options,
  });
  t.teardown(() => sink?.close());
  return sink as Sink;
}

/** Makes points of the last hour, which whisper keeps by the second. */
function fresh(count: number, first = 1): DataPoint[] {
  const seconds = Math.floor(Date.now() / 1000) - 60;
  return points(count, first).map((point) => ({ ...point, timestamp: seconds }));
}

/** Writes until the sink accepts the points, whatever it throws, as an outlet does. A connect can also end with ECONNRESET. */
async function writeUntilAccepted(sink: Sink, batch: readonly DataPoint[]): Promise<void> {
  for (;;) {
    const verdict = await sink.write(batch, forever).catch(() => undefined);
    if (verdict !== undefined) return;
  }
}

async function assertStored(
  t: ExecutionContext,
  carbon: CarbonCache,
  batch: readonly DataPoint[],
  form: 'tagged' | 'dotted' = 'tagged',
): Promise<void> {
  const nameOf = naming({ form });
  for (const point of batch)
    t.is(
      await carbon.value(nameOf(point), Math.floor(point.timestamp / (point.unit === 'ms' ? 1000 : 1))),
      Number(point.value),
    );
}

for (const form of ['tagged', 'dotted'] as const) {
  e2e(`points are stored in carbon-cache's whisper files under ${form} names`, async (t) => {
    const carbon = await carbonCache(t);
    const batch = fresh(12);
    const [last] = fresh(1, 13) as [DataPoint];
    const inMilliseconds = { ...last, unit: 'ms' as const, timestamp: last.timestamp * 1000 + 789 };
    t.deepEqual(await sinkTo(t, carbon, { names: form }).write([...batch, inMilliseconds], forever), {
      rejected: [],
      kept: [],
    });
    await assertStored(t, carbon, [...batch, inMilliseconds], form);
  });
}

e2e('carbon-cache closes a connection after its end, which confirms that it has read the points', async (t) => {
  const carbon = await carbonCache(t);
  const warned: unknown[] = [];
  const log = Object.assign(silentLog(), { warn: (...given: unknown[]) => void warned.push(given) });
  const sink = sinkTo(t, carbon, { log });
  for (let first = 1; first < 5; first += 1) await sink.write(fresh(1_000, first * 1_000), forever);
  t.deepEqual(warned, []);
});

e2e('points written during a restart of carbon-cache are stored', async (t) => {
  const carbon = await carbonCache(t);
  const sink = sinkTo(t, carbon);
  const batches = Array.from({ length: 20 }, (_, index) => fresh(2, 1 + index * 2));
  const writing = (async () => {
    for (const batch of batches) await writeUntilAccepted(sink, batch);
  })();
  await carbon.kill('SIGTERM');
  await carbon.start();
  await writing;
  await assertStored(t, carbon, batches.flat());
});

e2e('points that carbon-cache had in memory when it was killed are sent again with the next points', async (t) => {
  const carbon = await carbonCache(t, { MAX_UPDATES_PER_SECOND: '1' });
  const sink = sinkTo(t, carbon);
  const before = fresh(30);
  await writeUntilAccepted(sink, before);
  await carbon.kill('SIGKILL');
  const nameOf = naming({ form: 'tagged' });
  const survivors = await Promise.all(before.map((point) => carbon.hasFile(nameOf(point))));
  t.true(survivors.filter((has) => !has).length > 10, 'most of them were in memory only');
  await carbon.start();
  const after = fresh(2, 31);
  await writeUntilAccepted(sink, after);
  await assertStored(t, carbon, [...before, ...after]);
});

async function assertGoldenStored(t: ExecutionContext, carbon: CarbonCache, file: string): Promise<void> {
  for (const line of golden(`graphite/${file}`).trim().split('\n')) {
    const [name = '', value, seconds] = line.split(' ');
    t.is(await carbon.value(name, Number(seconds)), Number(value), name);
  }
}

e2e('a push arrives in Graphite as its golden lines while OpenTSDB is away', async (t) => {
  const carbon = await carbonCache(t);
  const args = [...unreachableTsdb, ...(await nodesAndState(t))];
  const one = await bridge(t, [...args, '--graphite', `127.0.0.1:${carbon.port}`, '--graphite-names', 'dotted']);
  await untilNodes(one);
  t.is(await one.push(golden('catchpoint/ns1-sample.json')), 200);
  await assertGoldenStored(t, carbon, 'ns1-sample.dotted');
  const { sinks } = await untilStatus(one, ({ sinks: [, graphite] }) => graphite?.backlog.points === 0);
  t.is(sinks[0]?.backlog.points, 14);
});

e2e('with Graphite alone, pushes during an outage of Carbon arrive after it', async (t) => {
  const carbon = await carbonCache(t);
  await carbon.kill('SIGTERM');
  const args = ['--no-opentsdb', ...(await nodesAndState(t))];
  const one = await bridge(t, [...args, '--graphite', `127.0.0.1:${carbon.port}`]);
  await untilNodes(one);
  t.is(await one.push(golden('catchpoint/ns1-sample.json')), 200);
  await untilStatus(one, ({ sinks }) => sinks.length === 1 && sinks[0]?.lastError !== undefined);
  await carbon.start();
  await untilDelivered(one);
  await assertGoldenStored(t, carbon, 'ns1-sample.tagged');
});

const carbonHash = `
import sys, json
from carbon.hashing import ConsistentHashRing
nodes, names = json.load(sys.stdin)
ring = ConsistentHashRing([])
for host, instance in nodes: ring.add_node((host, instance))
json.dump([[list(n) for n in nodes].index(list(ring.get_node(name))) for name in names], sys.stdout)
`;

e2e('a hash ring chooses the destination that carbon-relay chooses', async (t) => {
  const clusters: readonly (readonly [host: string, instance: string | null][])[] = [
    [
      ['10.0.0.1', null],
      ['10.0.0.2', null],
      ['10.0.0.3', null],
    ],
    [
      ['127.0.0.1', 'a'],
      ['127.0.0.1', 'b'],
      ['carbon-2.example', 'a'],
      ['::1', 'b'],
      ['carbon-2.example', null],
    ],
    // So many that ring positions collide.
    Array.from({ length: 40 }, (_, index) => [`carbon-${index}.example`, null]),
  ];
  const nameOf = naming({ form: 'tagged' });
  const names = points(3_000).flatMap((point) => [nameOf(point), point.metric]);
  for (const cluster of clusters) {
    const ring = carbonRing(cluster.map(([host, instance]) => ({ host, instance: instance ?? undefined })));
    const running = promisify(execFile)('/usr/bin/python3', ['-c', carbonHash], { maxBuffer: 2 ** 24 });
    running.child.stdin?.end(JSON.stringify([cluster, names]));
    t.deepEqual(names.map(ring), JSON.parse((await running).stdout));
  }
});
