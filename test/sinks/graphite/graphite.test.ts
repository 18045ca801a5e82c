// The Graphite sinks: the shared suite, and what a sink knows of lines for which nobody answers.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/runtime/clock.ts';
import { expanded } from '../../../src/model/factored-points.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { FactoredPoints } from '../../../src/model/point.ts';
import type { Sink } from '../../../src/model/sink.ts';
import { type GraphiteOptions, graphiteSinks } from '../../../src/sinks/graphite/graphite.ts';
import { batchOf, runs } from '../../fakes/batches.ts';
import { type FakeCarbon, fakeCarbon, type FakeCarbonOptions } from '../../fakes/carbon.ts';
import { certificate } from '../../fakes/certificate.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { testSink } from '../contract.ts';

const forever = { signal: new AbortController().signal };
const accepted = { rejected: [], kept: [] };

function sinksTo(
  t: ExecutionContext,
  carbons: readonly Pick<FakeCarbon, 'port'>[],
  options: Partial<GraphiteOptions> = {},
): readonly Sink[] {
  const destinations = carbons.map(({ port }) => ({ host: '127.0.0.1', port }));
  const sinks = graphiteSinks({ destinations, names: 'tagged', clock: systemClock(), log: silentLog(), ...options });
  t.teardown(() => Promise.all(sinks.map((sink) => sink.close())));
  return sinks;
}

async function bench(
  t: ExecutionContext,
  carbonOptions: FakeCarbonOptions = {},
  options: Partial<GraphiteOptions> = {},
) {
  const carbon = await fakeCarbon(t, carbonOptions);
  const clock = movableClock();
  const sink = sinksTo(t, [carbon], { clock, ...options })[0] as Sink;
  return {
    carbon,
    clock,
    sink,
    write: (count: number, first = 1) => untilSettled(clock, sink.write(points(count, first), forever), 50),
  };
}

/** An import line again, with the tags in the order of the points that the suite writes. */
function asImportLine(line: string): string {
  const [name = '', value, seconds] = line.split(' ');
  const [metric, ...tags] = name.split(';');
  return [metric, seconds, value, ...tags.toReversed()].join(' ');
}

for (const isTls of [false, true]) {
  testSink(isTls ? 'graphite over TLS' : 'graphite', async (t) => {
    let isSilent = false;
    const carbon = await fakeCarbon(t, { isTls, closesInTurn: () => !isSilent });
    const caFile = join(await temporaryDirectory(t), 'ca.pem');
    await writeFile(caFile, certificate);
    return {
      sink: sinksTo(t, [carbon], isTls ? { isTls, caFile } : {})[0] as Sink,
      untagged: 'github.api.a+b 1794994452 1',
      arrived: async () => carbon.lines().map(asImportLine),
      sent: async () => carbon.bytes(),
      vanish: () => carbon.close(),
      fallSilent: () => void (isSilent = true),
    };
  });
}

test('graphite sends nothing to a host that it cannot trust', async (t) => {
  const carbon = await fakeCarbon(t, { isTls: true });
  const [sink] = sinksTo(t, [carbon], { isTls: true });
  await t.throwsAsync((sink as Sink).write(points(3), forever), { message: /self-signed certificate/ });
  t.deepEqual(carbon.lines(), []);
});

test('graphite does not open with a CA file that is not there', (t) => {
  t.throws(() => sinksTo(t, [{ port: 1 }], { isTls: true, caFile: '/nowhere/ca.pem' }), { code: 'ENOENT' });
});

test('graphite takes points for accepted when the far side has read the end of the connection, and not before', async (t) => {
  let closes = false;
  const { carbon, sink } = await bench(t, { closesInTurn: () => closes });
  let isDone = false;
  const writing = sink.write(points(2), forever).then((verdict) => ((isDone = true), verdict));
  await carbon.untilLines(2);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.false(isDone);
  closes = true;
  for (const socket of carbon.sockets) socket.end();
  t.deepEqual(await writing, accepted);
});

test('graphite throws when the connection breaks before its end was read, and what is written again arrives', async (t) => {
  let closes = false;
  const { carbon, write, sink } = await bench(t, { closesInTurn: () => closes });
  const writing = t.throwsAsync(sink.write(points(2), forever), { message: /connection broken/ });
  await carbon.untilLines(2);
  for (const socket of carbon.sockets) socket.resetAndDestroy();
  await writing;
  closes = true;
  t.deepEqual(await write(2), accepted);
  t.deepEqual(new Set(carbon.lines()).size, 2);
});

test('graphite gives what comes while a group is under way one connection together', async (t) => {
  const { carbon, clock, sink } = await bench(t);
  const writes = Array.from({ length: 20 }, (_, index) => sink.write(points(1, index + 1), forever));
  await untilSettled(clock, Promise.all(writes), 50);
  t.is(new Set(carbon.lines()).size, 20);
  await carbon.untilConnections(3);
  t.is(carbon.connections(), 3, 'two groups, and one that stands by');
});

test('graphite closes ten connections a second at most', async (t) => {
  const { clock, write } = await bench(t);
  const startedMs = clock.steady();
  for (let first = 1; first <= 11; first += 1) await write(1, first);
  t.true(clock.steady() - startedMs >= 1_000, String(clock.steady() - startedMs));
});

test('graphite sends what was read lately again after the far side went away', async (t) => {
  const { carbon, clock, write } = await bench(t);
  await write(2, 1);
  await clock.advance(61_000);
  await write(2, 3);
  await carbon.untilConnections(3);
  await carbon.close();
  const back = await fakeCarbon(t, { port: carbon.port });
  while ((await Promise.allSettled([write(2, 5)]))[0]?.status !== 'fulfilled');
  const names = back.lines().map((line) => /by_node\.(\d+);/.exec(line)?.[1]);
  t.deepEqual(names, ['3', '4', '5', '6'], 'points 1 and 2 were read more than a minute before');
  await write(1, 7);
  t.is(back.lines().length, 5, 'once');
});

test('graphite takes a far side that never closes for one of that kind, and shares one connection', async (t) => {
  let closes = false;
  const { carbon, clock, sink, write } = await bench(t, { closesInTurn: () => closes });
  const first = sink.write(points(2), forever);
  await carbon.untilLines(2);
  await clock.untilSomebodySleeps();
  await clock.advance(10_000);
  t.deepEqual(await first, accepted);
  for (let next = 3; next < 9; next += 1) t.deepEqual(await write(1, next), accepted);
  await carbon.untilLines(8);
  t.is(carbon.connections(), 2);
  for (const socket of carbon.sockets) socket.resetAndDestroy();
  // The first of these may still go where nobody reads.
  while (carbon.connections() < 3) await write(1, 9).catch(() => {});
  await carbon.untilLines(8 + 9);
  const again = carbon.lines().slice(8, 16);
  t.deepEqual(again, carbon.lines().slice(0, 8), 'all that was never seen to be read is sent again');
  closes = true;
  await sink.close();
});

test('graphite keeps waiting for a far side that stalls, and throws in the end', async (t) => {
  let closes = true;
  const { clock, sink, carbon, write } = await bench(t, { closesInTurn: () => closes });
  await write(1);
  closes = false;
  const writing = sink.write(points(1, 2), forever);
  await clock.untilSomebodySleeps();
  await clock.advance(100);
  await carbon.untilLines(2);
  await clock.advance(59_000);
  closes = true;
  await clock.advance(1_000);
  await t.throwsAsync(writing, { message: 'no answer within 60 s' });
  t.deepEqual(await write(1, 2), accepted);
});

test('graphite leaves out what was given up before it was sent', async (t) => {
  const { clock, sink, carbon, write } = await bench(t);
  await write(1);
  const aborting = new AbortController();
  const given = sink.write(points(1, 2), { signal: aborting.signal });
  const kept = sink.write(points(1, 3), forever);
  aborting.abort(new Error('enough'));
  await t.throwsAsync(given, { message: 'enough' });
  await untilSettled(clock, kept, 50);
  t.deepEqual(
    carbon.lines().map((line) => /by_node\.(\d+);/.exec(line)?.[1]),
    ['1', '3'],
  );
});

test('each destination is a sink of its own, and one that is away costs the others nothing', async (t) => {
  const carbons = [await fakeCarbon(t), await fakeCarbon(t)] as const;
  const [away, there] = sinksTo(t, carbons) as [Sink, Sink];
  t.deepEqual(
    [away.name, there.name],
    carbons.map(({ port }) => `graphite:127.0.0.1:${port}`),
  );
  await carbons[0].close();
  await t.throwsAsync(away.write(points(3), forever), { message: /ECONNREFUSED/ });
  t.deepEqual(await there.write(points(3), forever), accepted);
  t.is(carbons[1].lines().length, 3);
});

test('by hash every point has one destination, and an illegal one is rejected by one', async (t) => {
  const carbons = [await fakeCarbon(t), await fakeCarbon(t), await fakeCarbon(t)];
  const destinations = carbons.map(({ port }, index) => ({ host: '127.0.0.1', port, instance: `i${index}` }));
  const sinks = sinksTo(t, carbons, { destinations, routing: 'hash' });
  const [point] = points(1);
  const batch = [...points(300), { ...point, metric: 'a b' } as NonNullable<typeof point>];
  const verdicts = await Promise.all(sinks.map((sink) => sink.write(batch, forever)));
  t.deepEqual(
    verdicts.map(({ rejected }) => rejected.length),
    [1, 0, 0],
  );
  const lines = carbons.flatMap((carbon) => carbon.lines());
  t.is(lines.length, 300);
  t.is(new Set(lines).size, 300);
  t.true(carbons.every((carbon) => carbon.lines().length > 30));
});

test('a batch arrives as it was delivered, and its points are not made for it', async (t) => {
  const carbons = [await fakeCarbon(t), await fakeCarbon(t)] as const;
  const [one, other] = sinksTo(t, carbons) as [Sink, Sink];
  const batch = batchOf(...runs(8));
  t.deepEqual(await one.writeBatch?.(batch, forever), accepted);
  t.is(batch.asked(), 0);
  t.deepEqual(await other.write(runs(8).flatMap(expanded), forever), accepted);
  t.deepEqual(carbons[0].bytes().toString(), carbons[1].bytes().toString());
  t.is(carbons[0].lines().length, batch.pointCount);
});

test('an illegal point of a batch is rejected, and its neighbours arrive', async (t) => {
  const carbon = await fakeCarbon(t);
  const [sink] = sinksTo(t, [carbon]) as [Sink];
  const [run] = runs(1) as [FactoredPoints];
  const batch = batchOf(
    { ...run, series: [...run.series, { stem: 'catchpoint.bytes.by_', value: 'NaN' }] },
    ...runs(2),
  );
  const verdict = await sink.writeBatch?.(batch, forever);
  t.deepEqual(
    verdict?.rejected.map(({ point }) => point.value),
    ['NaN', 'NaN', 'NaN'],
  );
  t.true(verdict?.rejected.every(({ point }) => batch.points.includes(point)));
  t.is(carbon.lines().length, batch.pointCount - 3);
});

test('an aborted batch and a closed sink send nothing', async (t) => {
  const carbon = await fakeCarbon(t);
  const [sink] = sinksTo(t, [carbon]) as [Sink];
  const reason = new Error('enough');
  t.is(
    await t.throwsAsync(async () => sink.writeBatch?.(batchOf(...runs(1)), { signal: AbortSignal.abort(reason) })),
    reason,
  );
  await sink.close();
  await t.throwsAsync(async () => sink.writeBatch?.(batchOf(...runs(1)), forever), { message: /closed/ });
  t.deepEqual(carbon.lines(), []);
});
