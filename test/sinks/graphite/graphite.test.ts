// The Graphite sinks: the contract, and confirmation of lines by closed connections.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../src/runtime/clock.ts';
import { expanded } from '../../../src/model/factored-points.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { FactoredPoints } from '../../../src/model/point.ts';
import { allAccepted, type Sink } from '../../../src/model/sink.ts';
import { type GraphiteOptions, graphiteSinks } from '../../../src/sinks/graphite/graphite.ts';
import { batchOf, runs } from '../../fakes/batches.ts';
import { type FakeCarbon, fakeCarbon, type FakeCarbonOptions } from '../../fakes/carbon.ts';
import { certificate } from '../../fakes/certificate.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { forever, point, testSink } from '../contract.ts';

type Options = Partial<GraphiteOptions>;

function sinksTo(t: ExecutionContext, carbons: readonly Pick<FakeCarbon, 'port'>[], options: Options = {}): Sink[] {
  const destinations = carbons.map(({ port }) => ({ host: '127.0.0.1', port }));
  const sinks = graphiteSinks({ destinations, names: 'tagged', clock: systemClock(), log: silentLog(), ...options });
  t.teardown(() => Promise.all(sinks.map((sink) => sink.close())));
  return [...sinks];
}

async function openSink(t: ExecutionContext, options: FakeCarbonOptions = {}) {
  const carbon = await fakeCarbon(t, options);
  const clock = movableClock();
  const [sink] = sinksTo(t, [carbon], { clock }) as [Sink];
  return {
    carbon,
    clock,
    sink,
    write: (count: number, first = 1) => untilSettled(clock, sink.write(points(count, first), forever), 50),
  };
}

function pointNumbers(carbon: FakeCarbon): (string | undefined)[] {
  return carbon.lines().map((line) => /by_node\.(\d+);/.exec(line)?.[1]);
}

/** Converts a line to an import line, with the tags in the order of the contract's points. */
function asImportLine(line: string): string {
  const [name = '', value, seconds] = line.split(' ');
  const [metric, ...tags] = name.split(';');
  return [metric, seconds, value, ...tags.toReversed()].join(' ');
}

for (const isTls of [false, true]) {
  testSink(isTls ? 'graphite over TLS' : 'graphite', async (t) => {
    let isHanging = false;
    const carbon = await fakeCarbon(t, { isTls, closesAfterPeer: () => !isHanging });
    const caFile = join(await temporaryDirectory(t), 'ca.pem');
    await writeFile(caFile, certificate);
    return {
      sink: sinksTo(t, [carbon], isTls ? { isTls, caFile } : {})[0] as Sink,
      untagged: 'github.api.a+b 1794994452 1',
      received: async () => carbon.lines().map(asImportLine),
      sentBytes: async () => carbon.bytes(),
      stopReceiver: () => carbon.close(),
      hangReceiver: () => void (isHanging = true),
    };
  });
}

test('graphite sends nothing to a host with an untrusted certificate', async (t) => {
  const carbon = await fakeCarbon(t, { isTls: true });
  const [sink] = sinksTo(t, [carbon], { isTls: true }) as [Sink];
  await t.throwsAsync(sink.write(points(3), forever), { message: /self-signed certificate/ });
  t.deepEqual(carbon.lines(), []);
});

test('graphite does not open with a missing CA file', (t) => {
  t.throws(() => sinksTo(t, [{ port: 1 }], { isTls: true, caFile: '/nowhere/ca.pem' }), { code: 'ENOENT' });
});

test('graphite accepts points when Carbon has closed its half of the connection, and not before', async (t) => {
  let closes = false;
  const { carbon, sink } = await openSink(t, { closesAfterPeer: () => closes });
  let isDone = false;
  const writing = sink.write(points(2), forever).then((verdict) => ((isDone = true), verdict));
  await carbon.untilLines(2);
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.false(isDone);
  closes = true;
  for (const socket of carbon.sockets) socket.end();
  t.deepEqual(await writing, allAccepted);
});

test('graphite throws when the connection breaks before Carbon has closed it, and the next write arrives', async (t) => {
  let closes = false;
  const { carbon, write, sink } = await openSink(t, { closesAfterPeer: () => closes });
  const writing = t.throwsAsync(sink.write(points(2), forever), { message: /connection broken/ });
  await carbon.untilLines(2);
  for (const socket of carbon.sockets) socket.resetAndDestroy();
  await writing;
  closes = true;
  t.deepEqual(await write(2), allAccepted);
  t.deepEqual(new Set(carbon.lines()).size, 2);
});

test('graphite sends the writes that arrive during a group on one connection', async (t) => {
  const { carbon, clock, sink } = await openSink(t);
  const writes = Array.from({ length: 20 }, (_, index) => sink.write(points(1, index + 1), forever));
  await untilSettled(clock, Promise.all(writes), 50);
  t.is(new Set(carbon.lines()).size, 20);
  await carbon.untilConnections(3);
  t.is(carbon.connections(), 3, 'two groups and the standby connection');
});

test('graphite closes ten connections a second at most', async (t) => {
  const { clock, write } = await openSink(t);
  const startedMs = clock.steady();
  for (let first = 1; first <= 11; first += 1) await write(1, first);
  t.true(clock.steady() - startedMs >= 1_000, String(clock.steady() - startedMs));
});

test('graphite sends the lines of the last minute again after an outage of Carbon', async (t) => {
  const { carbon, clock, write } = await openSink(t);
  await write(2, 1);
  await clock.advance(61_000);
  await write(2, 3);
  await carbon.untilConnections(3);
  await carbon.close();
  const back = await fakeCarbon(t, { port: carbon.port });
  while ((await Promise.allSettled([write(2, 5)]))[0]?.status !== 'fulfilled');
  t.deepEqual(pointNumbers(back), ['3', '4', '5', '6'], 'points 1 and 2 were read more than a minute earlier');
  await write(1, 7);
  t.is(back.lines().length, 5, 'once');
});

test('graphite shares one connection when the receiver never closes any', async (t) => {
  let closes = false;
  const { carbon, clock, sink, write } = await openSink(t, { closesAfterPeer: () => closes });
  const first = sink.write(points(2), forever);
  await carbon.untilLines(2);
  await clock.untilSomebodySleeps();
  await clock.advance(10_000);
  t.deepEqual(await first, allAccepted);
  for (let next = 3; next < 9; next += 1) t.deepEqual(await write(1, next), allAccepted);
  await carbon.untilLines(8);
  t.is(carbon.connections(), 2);
  for (const socket of carbon.sockets) socket.resetAndDestroy();
  // The first of these may still go to a connection that is not read.
  while (carbon.connections() < 3) await write(1, 9).catch(() => {});
  await carbon.untilLines(8 + 9);
  const again = carbon.lines().slice(8, 16);
  t.deepEqual(again, carbon.lines().slice(0, 8), 'everything unconfirmed is sent again');
  closes = true;
  await sink.close();
});

test('graphite waits 60 seconds for a Carbon that stalls, and then throws', async (t) => {
  let closes = true;
  const { clock, sink, carbon, write } = await openSink(t, { closesAfterPeer: () => closes });
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
  t.deepEqual(await write(1, 2), allAccepted);
});

test('graphite does not send a queued write whose signal has aborted', async (t) => {
  const { clock, sink, carbon, write } = await openSink(t);
  await write(1);
  const aborting = new AbortController();
  const aborted = sink.write(points(1, 2), { signal: aborting.signal });
  const other = sink.write(points(1, 3), forever);
  aborting.abort(new Error('enough'));
  await t.throwsAsync(aborted, { message: 'enough' });
  await untilSettled(clock, other, 50);
  t.deepEqual(pointNumbers(carbon), ['1', '3']);
});

test('each destination is a separate sink, and its outage does not affect the others', async (t) => {
  const carbons = [await fakeCarbon(t), await fakeCarbon(t)] as const;
  const [away, there] = sinksTo(t, carbons) as [Sink, Sink];
  t.deepEqual(
    [away.name, there.name],
    carbons.map(({ port }) => `graphite:127.0.0.1:${port}`),
  );
  await carbons[0].close();
  await t.throwsAsync(away.write(points(3), forever), { message: /ECONNREFUSED/ });
  t.deepEqual(await there.write(points(3), forever), allAccepted);
  t.is(carbons[1].lines().length, 3);
});

test('with hash routing each point goes to one destination, and one sink rejects an illegal point', async (t) => {
  const carbons = [await fakeCarbon(t), await fakeCarbon(t), await fakeCarbon(t)];
  const destinations = carbons.map(({ port }, index) => ({ host: '127.0.0.1', port, instance: `i${index}` }));
  const sinks = sinksTo(t, carbons, { destinations, routing: 'hash' });
  const batch = [...points(300), { ...point(), metric: 'a b' }];
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

test('a batch is rendered from its deliveries, without expanding its points', async (t) => {
  const carbons = [await fakeCarbon(t), await fakeCarbon(t)] as const;
  const [one, other] = sinksTo(t, carbons) as [Sink, Sink];
  const batch = batchOf(...runs(8));
  t.deepEqual(await one.writeBatch?.(batch, forever), allAccepted);
  t.is(batch.expansions(), 0);
  t.deepEqual(await other.write(runs(8).flatMap(expanded), forever), allAccepted);
  t.deepEqual(carbons[0].bytes().toString(), carbons[1].bytes().toString());
  t.is(carbons[0].lines().length, batch.pointCount);
});

test('an illegal point of a batch is rejected, and the others are received', async (t) => {
  const carbon = await fakeCarbon(t);
  const [sink] = sinksTo(t, [carbon]) as [Sink];
  const [run] = runs(1) as [FactoredPoints];
  const illegal = { stem: 'catchpoint.bytes.by_', value: 'NaN' };
  const batch = batchOf({ ...run, series: [...run.series, illegal] }, ...runs(2));
  const verdict = await sink.writeBatch?.(batch, forever);
  t.deepEqual(
    verdict?.rejected.map(({ point }) => point.value),
    ['NaN', 'NaN', 'NaN'],
  );
  t.true(verdict?.rejected.every(({ point }) => batch.points.includes(point)));
  t.is(carbon.lines().length, batch.pointCount - 3);
});

test('a batch with an aborted signal is not sent, nor one to a closed sink', async (t) => {
  const carbon = await fakeCarbon(t);
  const [sink] = sinksTo(t, [carbon]) as [Sink];
  const reason = new Error('enough');
  const write = async (signal: AbortSignal) => sink.writeBatch?.(batchOf(...runs(1)), { signal });
  t.is(await t.throwsAsync(write(AbortSignal.abort(reason))), reason);
  await sink.close();
  await t.throwsAsync(write(forever.signal), { message: /closed/ });
  t.deepEqual(carbon.lines(), []);
});
