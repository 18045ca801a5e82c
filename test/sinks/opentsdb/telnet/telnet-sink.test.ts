// The OpenTSDB telnet sink: the lines it sends, the answers it awaits, and its verdicts.

import test, { type ExecutionContext } from 'ava';
import type { Socket } from 'node:net';
import { silentLog, type Log } from '../../../../src/runtime/log.ts';
import type { DataPoint } from '../../../../src/model/point.ts';
import { allAccepted } from '../../../../src/model/sink.ts';
import { openTsdbTelnet, type TsdTelnetOptions } from '../../../../src/sinks/opentsdb/telnet/telnet-sink.ts';
import { points } from '../../../fakes/points.ts';
import { fakeTsd, type FakeTsdOptions } from '../../../fakes/tsd.ts';
import { movableClock } from '../../../fakes/time.ts';
import { asLine, forever, point, testSink } from '../../contract.ts';

async function openSink(
  t: ExecutionContext,
  options: { readonly tsd?: FakeTsdOptions; readonly sink?: Partial<TsdTelnetOptions> } = {},
) {
  const clock = movableClock();
  const tsd = await fakeTsd(t, options.tsd);
  const sink = openTsdbTelnet({ urls: [tsd.url], clock, log: silentLog(), ...options.sink });
  t.teardown(() => sink.close());
  return { clock, tsd, sink };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A receiver that records lines, and answers none except through `reply`. */
function receiver(reply: (line: string, socket: Socket) => void = () => {}) {
  const lines: string[] = [];
  const telnetPeer = (socket: Socket, first: Buffer): true => {
    let rest = '';
    const read = (chunk: Buffer): void => {
      const whole = (rest + chunk.toString()).split('\n');
      rest = whole.pop() ?? '';
      for (const line of whole) {
        lines.push(line);
        reply(line, socket);
      }
    };
    socket.on('error', () => {});
    socket.on('data', read);
    read(first);
    return true;
  };
  return { lines, telnetPeer };
}

const version =
  'net.opentsdb.tools 2.4.1 built at revision 0000000 (MINT)\nBuilt on 2021/09/02 00:00:00 +0000 by me@here\n';

testSink('opentsdb telnet', async (t) => {
  let isHanging = false;
  const { tsd, sink } = await openSink(t, { tsd: { telnetPeer: () => isHanging } });
  return {
    sink,
    received: async () => tsd.points().map(asLine),
    sentBytes: async () => tsd.telnetBytes(),
    stopReceiver: () => tsd.close(),
    hangReceiver: () => void (isHanging = true),
  };
});

test('opentsdb telnet sends put lines, and version after them', async (t) => {
  const { tsd, sink } = await openSink(t);
  await sink.write(points(2), forever);
  t.is(
    tsd.telnetBytes().toString(),
    'put catchpoint.rtt.by_node.1 1794994452 1.5 nodeid=312 city=Jinan\nput catchpoint.rtt.by_node.2 1794994452 2.5 nodeid=312 city=Jinan\nversion\n',
  );
  t.is(tsd.counts.longLines, 0);
});

test('opentsdb telnet waits until the receiver has read the lines, and keeps one connection', async (t) => {
  const sockets: Socket[] = [];
  const { lines, telnetPeer } = receiver((line, socket) => line === 'version' && sockets.push(socket));
  const { tsd, sink } = await openSink(t, { tsd: { telnetPeer } });
  let done = 0;
  const writes = [1, 2, 3].map((first) => sink.write(points(1, first), forever).then(() => (done += 1)));
  await until(() => sockets.length >= 3);
  t.is(done, 0);
  sockets[0]?.write(version.slice(0, 70));
  sockets[0]?.write(version.slice(70) + version);
  await Promise.race(writes);
  await Promise.all(writes.slice(0, 2));
  t.is(done, 2);
  sockets[0]?.write(version);
  await Promise.all(writes);
  t.is(lines.length, 6);
  t.is(tsd.counts.connections, 1);
});

test('opentsdb telnet reads the version of InfluxDB, which has no line feed', async (t) => {
  const { telnetPeer } = receiver((line, socket) => line === 'version' && socket.write('InfluxDB TSDB proxy'));
  const { sink } = await openSink(t, { tsd: { telnetPeer } });
  const writes = [1, 2, 3].map((first) => sink.write(points(2, first), forever));
  for (const verdict of await Promise.all(writes)) t.deepEqual(verdict, allAccepted);
  t.is(sink.status().errorLines, 0);
});

test('opentsdb telnet stops sending version on a connection when the receiver does not answer it', async (t) => {
  const { lines, telnetPeer } = receiver();
  const { clock, sink } = await openSink(t, { tsd: { telnetPeer } });
  const first = sink.write(points(1), forever);
  await until(() => lines.includes('version'));
  await clock.advance(2_000);
  t.deepEqual(await first, allAccepted);
  t.deepEqual(await sink.write(points(1, 2), forever), allAccepted);
  t.deepEqual(await sink.write(points(1, 3), forever), allAccepted);
  t.is(clock.sleepers(), 0);
  await until(() => lines.length >= 4);
  const commands = lines.map((line) => line.split(' ')[0]);
  t.deepEqual(commands, ['put', 'version', 'put', 'put']);
});

test('opentsdb telnet awaits answers again after a late one', async (t) => {
  let late = undefined as Socket | undefined;
  const { lines, telnetPeer } = receiver((line, socket) => {
    if (line !== 'version') return;
    if (late === undefined) late = socket;
    else socket.write(version);
  });
  const { clock, sink } = await openSink(t, { tsd: { telnetPeer } });
  const first = sink.write(points(1), forever);
  await until(() => late !== undefined);
  await clock.advance(2_000);
  await first;
  late?.write(version);
  while (lines.filter((line) => line === 'version').length < 2) await sink.write(points(1), forever);
  t.deepEqual(await sink.write(points(1), forever), allAccepted);
});

test('opentsdb telnet throws when the connection breaks before the answer, and reconnects', async (t) => {
  let isBreaking = true;
  const { telnetPeer } = receiver((line, socket) => {
    if (line !== 'version') return;
    if (isBreaking) socket.resetAndDestroy();
    else socket.write(version);
  });
  const { tsd, sink } = await openSink(t, { tsd: { telnetPeer } });
  const writes = await Promise.allSettled([sink.write(points(1), forever), sink.write(points(1, 2), forever)]);
  t.true(writes.some(({ status }) => status === 'rejected'));
  await t.throwsAsync(sink.write(points(1), forever), { message: /^http:.*: connection/ });
  isBreaking = false;
  t.deepEqual(await sink.write(points(1), forever), allAccepted);
  t.true(tsd.counts.connections >= 2);
});

test('opentsdb telnet throws when the receiver closes its half', async (t) => {
  const { telnetPeer } = receiver((line, socket) => line === 'version' && socket.end());
  const { sink } = await openSink(t, { tsd: { telnetPeer } });
  await t.throwsAsync(sink.write(points(1), forever), { message: /closed by the far side/ });
});

test('opentsdb telnet throws when a receiver that has answered before times out', async (t) => {
  let isAnswering = true;
  const { lines, telnetPeer } = receiver((line, socket) => line === 'version' && isAnswering && socket.write(version));
  const { clock, sink } = await openSink(t, { tsd: { telnetPeer } });
  await sink.write(points(1), forever);
  isAnswering = false;
  const writing = t.throwsAsync(sink.write(points(1), forever), { message: /no answer within 15 s/ });
  await until(() => lines.length >= 4);
  await clock.advance(15_000);
  await writing;
});

test('opentsdb telnet rejects the points of an unknown metric, and accepts the others', async (t) => {
  const { tsd, sink } = await openSink(t, { tsd: { autoCreateMetrics: false } });
  await fetch(`${tsd.url}/api/uid/assign?metric=catchpoint.rtt.by_node.2`);
  const [one, two] = points(2) as [DataPoint, DataPoint];
  const { rejected, kept } = await sink.write([one, two], forever);
  t.deepEqual(rejected, [{ point: one, reason: `put: unknown metric: No such name for 'metrics': '${one.metric}'` }]);
  t.deepEqual(kept, []);
  t.deepEqual(tsd.points().map(asLine), [asLine(two)]);
});

for (const failed of ['Storage exception: Call queue is full on region', 'Please throttle']) {
  test(`opentsdb telnet keeps the batch during which the storage fails: ${failed}`, async (t) => {
    const { tsd, sink } = await openSink(t);
    tsd.store(({ metric }) => (metric.endsWith('.2') ? { failed } : 'stored'));
    const { rejected, kept } = await sink.write(points(3), forever);
    t.deepEqual(rejected, []);
    t.is(kept.length, 3);
    t.regex(kept[0]?.reason ?? '', /^put: (HBase error: Call queue is full on region|Please throttle writes: .*)$/);
    tsd.store(() => 'stored');
    t.deepEqual(await sink.write(points(3), forever), allAccepted);
  });
}

test('opentsdb telnet throws when puts are refused', async (t) => {
  const { sink } = await openSink(t, { tsd: { isReadOnly: true } });
  await t.throwsAsync(sink.write(points(2), forever), { message: /unknown command: put/ });
});

test('opentsdb telnet counts error lines and logs one a minute', async (t) => {
  const logged: unknown[] = [];
  const log = { ...silentLog(), warn: (fields: unknown) => void logged.push(fields) } as unknown as Log;
  const error = 'put: illegal argument: Too many tags: 9 maximum allowed: 8, tags: {}\n';
  const { telnetPeer } = receiver((line, socket) => socket.write(line === 'version' ? version : error));
  const { clock, sink } = await openSink(t, { tsd: { telnetPeer }, sink: { log } });
  t.deepEqual(await sink.write(points(5), forever), allAccepted);
  t.is(sink.status().errorLines, 5);
  t.is(logged.length, 1);
  await clock.advance(60_000);
  await sink.write(points(5), forever);
  t.is(logged.length, 2);
  t.like(logged[1], { errorLines: 6 });
});

test('opentsdb telnet reads 20,000 error lines', async (t) => {
  const { telnetPeer } = receiver((line, socket) => {
    if (line === 'version') socket.write(version);
    else for (let count = 0; count < 100; count += 1) socket.write('put: illegal argument: invalid tag: x\n');
  });
  const { sink } = await openSink(t, { tsd: { telnetPeer } });
  t.deepEqual(await sink.write(points(200), forever), allAccepted);
  t.is(sink.status().errorLines, 20_000);
});

test('opentsdb telnet fails over to the next host', async (t) => {
  const second = await fakeTsd(t);
  const { tsd, sink } = await openSink(t, { sink: { urls: ['http://127.0.0.1:1', second.url] } });
  await sink.write(points(3), forever);
  t.is(second.points().length, 3);
  t.is(tsd.points().length, 0);
  t.is(sink.status().url, second.url);
});

test('opentsdb telnet rejects a point whose line exceeds 1024 bytes', async (t) => {
  const { tsd, sink } = await openSink(t);
  const long = { ...point(), tags: { a: 'x'.repeat(1000) } };
  const { rejected } = await sink.write([long, ...points(1, 2)], forever);
  t.regex(rejected[0]?.reason ?? '', /at most 1024 wanted/);
  t.deepEqual([tsd.points().length, tsd.counts.longLines], [1, 0]);
});
