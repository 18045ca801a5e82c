// The examples in contrib/examples, compiled as a user compiles them: the contracts, and a bridge made of both.

import test, { type ExecutionContext } from 'ava';
import { execFile } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Deliver, MalformedBody } from '../../src/model/point.ts';
import type { Sink } from '../../src/model/sink.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import { type Log, silentLog } from '../../src/runtime/log.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type FakeInfluxDb, fakeInfluxDb, influxSettings } from '../fakes/influxdb.ts';
import { everyLetter } from '../fakes/letters.ts';
import { untilSettled } from '../fakes/passing-time.ts';
import { points } from '../fakes/points.ts';
import { movableClock } from '../fakes/time.ts';
import { asLine, forever, testSink } from '../sinks/contract.ts';
import { testSource } from '../sources/contract.ts';

const root = new URL('../../../', import.meta.url).pathname;
const folder = join(root, 'contrib/examples');

interface InfluxDbSettings {
  readonly url: string;
  readonly database: string;
  readonly token: string;
  readonly timeoutMs?: number;
}

/** The examples' exports. They are compiled here, so that the build of the package does not contain them. */
interface Examples {
  influxDbSink(options: InfluxDbSettings & { readonly clock: Clock }): Sink;
  readings(options: {
    readonly deliver: Deliver;
    readonly malformed: (body: MalformedBody) => void;
    readonly maxBodyBytes: number;
    readonly log: Log;
  }): RequestListener;
  runBridge(
    options: {
      readonly directory: string;
      readonly server: Server;
      readonly port: number;
      readonly influx: InfluxDbSettings;
      readonly clock: Clock;
      readonly log: Log;
    },
    signal: AbortSignal,
  ): Promise<void>;
}

interface Compiled extends Examples {
  /** Paths of all files that the compiler read. */
  readonly files: readonly string[];
}

let compiled: Promise<Compiled> | undefined;
let outDir: string | undefined;
test.after.always(async () => outDir !== undefined && rm(outDir, { recursive: true }));

/** Below build/, where the package's own name resolves by its `exports`. */
function examples(): Promise<Compiled> {
  return (compiled ??= compile());
}

async function compile(): Promise<Compiled> {
  outDir = await mkdtemp(join(root, 'build/examples-'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', folder, '--outDir', outDir, '--listFiles'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  const modules = ['influxdb-sink.js', 'json-source.js', 'bridge.js'].map((name) => import(join(outDir ?? '', name)));
  return { ...Object.assign({}, ...(await Promise.all(modules))), files: stdout.trim().split('\n') };
}

test('the examples compile against the published types, without the sources of the package', async (t) => {
  const { files } = await examples();
  t.true(files.includes(join(root, 'build/src/model/sink.d.ts')));
  t.deepEqual(
    files.filter((path) => path.startsWith(join(root, 'src'))),
    [],
  );
});

async function openSink(t: ExecutionContext, settings: { readonly timeoutMs?: number } = {}) {
  const influx = await fakeInfluxDb(t);
  const clock = movableClock();
  const { influxDbSink } = await examples();
  return { influx, clock, sink: influxDbSink({ ...influxSettings, ...settings, url: influx.url, clock }) };
}

// Outlets do this to the signal of their writes.
setMaxListeners(0, forever.signal);

testSink('the InfluxDB example', async (t) => {
  const { influx, sink } = await openSink(t);
  return {
    sink,
    received: async () => influx.stored(),
    sentBytes: async () => influx.bodies(),
    untagged: 'github.api.a+b 1794994452 1',
    stopReceiver: influx.close,
    hangReceiver: () => influx.hang(true),
  };
});

const limitMessage = 'Update to schema would exceed number of tables limit of 2000 tables';

test('the InfluxDB example rejects a refused line, and keeps one that a limit refused', async (t) => {
  const { influx, sink } = await openSink(t);
  const [first, second, third] = points(3) as [Point, Point, Point];
  influx.refuse((line) => (line.includes('node.1,') ? 'invalid column type' : undefined));
  t.deepEqual(await sink.write([third, first, second], forever), {
    rejected: [{ point: first, reason: 'invalid column type' }],
    kept: [],
  });
  influx.refuse((line) => (line.includes('node.2,') ? limitMessage : undefined));
  t.deepEqual(await sink.write([third, second], forever), {
    rejected: [],
    kept: [{ point: second, reason: limitMessage }],
  });
  t.deepEqual(influx.stored(), [third, second, third].map(asLine));
});

type Point = ReturnType<typeof points>[number];

test('the InfluxDB example finds every refused line, whatever their number', async (t) => {
  const { influx, sink } = await openSink(t);
  influx.refuse(() => 'invalid column type');
  const { rejected } = await sink.write(points(250), forever);
  t.deepEqual(
    rejected.map(({ point }) => point),
    points(250),
  );
});

for (const [status, text] of [
  [401, ''],
  [503, 'overloaded'],
  [400, 'missing query parameters'],
  [400, '{"error":"parsing failed for write_lp endpoint","data":{"line_number":1,"error_message":"a"}}'],
  [400, '{"error":"a","data":[{"original_line":"a","line_number":9,"error_message":"a"}]}'],
] as const) {
  test(`the InfluxDB example throws at an answer without a verdict: ${status} ${text.slice(0, 30)}`, async (t) => {
    const { influx, sink } = await openSink(t);
    influx.answer(status, text);
    await t.throwsAsync(sink.write(points(2), forever), { message: /answered \d{3}|refused line 9 of 2/ });
  });
}

test('the InfluxDB example throws when there is no answer in time', async (t) => {
  const { influx, clock, sink } = await openSink(t, { timeoutMs: 5_000 });
  influx.hang(true);
  const writing = t.throwsAsync(sink.write(points(2), forever), { message: /no answer within 5 s/ });
  await clock.untilSomebodySleeps();
  await clock.advance(5_000);
  await writing;
  t.is(clock.sleepers(), 0);
});

const reading = { metric: 'room.celsius', time: 1794994452, value: 24, tags: { room: 'attic' } };

testSource(
  'the JSON example',
  {
    path: '/readings',
    good: JSON.stringify([reading]),
    malformed: [
      ['nonsense', /expected a JSON list of readings, found nonsense/],
      ['[]', /expected a JSON list of readings, found \[\]/],
      [JSON.stringify([{ metric: 'a b' }]), /\[0\]\.metric: expected letters.*found \\"a b\\"/],
      [JSON.stringify([reading, { ...reading, metric: 7 }]), /\[1\]\.metric: expected letters.*found 7/],
      [JSON.stringify([{ metric: 'a', time: 1794994452123 }]), /\[0\]\.time: expected seconds.*found 1794994452123/],
      [JSON.stringify([{ value: '24', metric: 'a', time: 1 }]), /\[0\]\.value: expected a number, found \\"24\\"/],
      ['[{"value": 1e999, "metric": "a", "time": 1}]', /\[0\]\.value: expected a number/],
      [
        JSON.stringify([{ tags: {}, metric: 'a', time: 1, value: 1 }]),
        /\[0\]\.tags: expected 1 to 8 names.*found \{\}/,
      ],
    ],
  },
  async (_, parts) => {
    const { readings } = await examples();
    const handle = readings({ ...parts, log: silentLog() });
    return (router) =>
      void router.all('/{*path}', (context) => {
        context.respond = false;
        handle(context.req, context.res);
      });
  },
);

async function startBridge(influx: FakeInfluxDb, directory: string) {
  const clock = movableClock();
  const server = createServer();
  const stop = new AbortController();
  const { runBridge } = await examples();
  // Time passes faster than the receiver answers.
  const settings = { ...influxSettings, url: influx.url, timeoutMs: 2 ** 40 };
  const running = runBridge({ directory, server, port: 0, influx: settings, clock, log: silentLog() }, stop.signal);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/readings`;
  const headers = { connection: 'close' };
  return {
    async post(...list: readonly object[]): Promise<number> {
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(list) })).status;
    },
    async until(holds: () => boolean): Promise<void> {
      const seen = (async () => {
        while (!holds()) await new Promise((resolve) => setImmediate(resolve));
      })();
      await untilSettled(clock, seen);
    },
    async stop(): Promise<void> {
      stop.abort();
      await running;
    },
  };
}

const attic = 'room.celsius 1794994452 24.0 room=attic';
const cellar = 'room.celsius 1794994452 11.3 room=cellar';
const cellarReading = { ...reading, value: 11.3, tags: { room: 'cellar' } };

test('the example bridge stores readings in InfluxDB, and those of a repeated body once', async (t) => {
  const influx = await fakeInfluxDb(t);
  const bridge = await startBridge(influx, await temporaryDirectory(t));
  t.is(await bridge.post(reading), 200);
  t.is(await bridge.post(reading), 200);
  t.is(await bridge.post(cellarReading), 200);
  await bridge.until(() => influx.stored().includes(cellar));
  await bridge.stop();
  t.deepEqual(influx.stored().toSorted(), [cellar, attic]);
});

test('a point that InfluxDB refuses becomes a dead letter, and the others are stored', async (t) => {
  const influx = await fakeInfluxDb(t);
  influx.refuse((line) => (line.includes('room=attic') ? 'invalid column type' : undefined));
  const directory = await temporaryDirectory(t);
  const bridge = await startBridge(influx, directory);
  t.is(await bridge.post(reading, cellarReading), 200);
  await bridge.until(() => influx.stored().length >= 1);
  // A batch that is not full is sent once the one before it is settled.
  t.is(await bridge.post({ ...cellarReading, time: 1794994453 }), 200);
  await bridge.until(() => influx.stored().length >= 2);
  await bridge.stop();
  t.is(influx.stored()[0], cellar);
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, clock: movableClock() });
  t.teardown(spool.close);
  const [letter] = everyLetter(spool.deadLetters);
  t.like(letter, { kind: 'rejected', reason: 'invalid column type', sink: 'influxdb' });
});

test('points wait while InfluxDB is down, and survive a restart', async (t) => {
  const influx = await fakeInfluxDb(t);
  influx.reset(true);
  const directory = await temporaryDirectory(t);
  const first = await startBridge(influx, directory);
  t.is(await first.post(reading), 200);
  await first.until(() => influx.connections() >= 3);
  await first.stop();
  const second = await startBridge(influx, directory);
  t.is(await second.post(cellarReading), 200);
  const before = influx.connections();
  await second.until(() => influx.connections() > before);
  t.deepEqual(influx.stored(), []);
  influx.reset(false);
  await second.until(() => influx.stored().length >= 2);
  await second.stop();
  t.deepEqual(influx.stored().toSorted(), [cellar, attic]);
});

test('the README of the examples contains the code of the example bridge', (t) => {
  const [, shown] =
    /\/\/ <example>\n([\s\S]*)\/\/ <\/example>/.exec(readFileSync(join(folder, 'bridge.ts'), 'utf8')) ?? [];
  t.true(readFileSync(join(folder, 'README.md'), 'utf8').includes(shown ?? 'no example'));
});
