// The bridge as a whole in one process: started sink-first, stopped source-first, nothing taken that is not kept.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Config } from '../../src/config/config.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { openTsd, type Tsd } from '../../src/simulator/tsd/tsd.ts';
import { dimensions } from '../../src/sources/catchpoint/slices.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

const golden = new URL('../../../test/golden/catchpoint/', import.meta.url).pathname;
const sample = readFileSync(`${golden}ns1-sample.json`, 'utf8');

async function config(t: ExecutionContext, changes: Partial<Config> = {}): Promise<Config> {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    adminListen: { host: '127.0.0.1', port: 0 },
    adminListenChosen: true,
    maxBodyBytes: 1 << 20,
    workers: 0,
    archive: undefined,
    access: {
      tokens: [],
      tokenFiles: [],
      rotationSecret: undefined,
      checkSender: 'off',
      trustedProxies: [],
      divisions: [],
      clients: [],
      tls: undefined,
      limits: {
        maxConnections: 2e3,
        maxConnectionsPerAddress: 256,
        maxRequests: 1e3,
        maxArrivingBytes: 2 ** 26,
      },
    },
    takesCatchpoint: true,
    backstop: undefined,
    tsdb: {
      isOn: true,
      urls: ['http://127.0.0.1:1'],
      put: 'http',
      putMaxBytes: 8192,
      assignUids: true,
      headers: {},
      caFile: undefined,
    },
    graphite: undefined,
    file: undefined,
    catchpoint: {
      url: 'http://127.0.0.1:1',
      key: undefined,
      secret: undefined,
      apiKey: undefined,
      nodesFile: `${golden}../nodes/v1.json`,
      refreshHours: 24,
    },
    metrics: { prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions, timings: false },
    cardinality: { maxTests: 5000, maxNodes: 5000, maxTagValues: 10_000 },
    stateDir: await temporaryDirectory(t),
    spoolMaxBytes: 1 << 24,
    dedupMaxBytes: 96 * 2 ** 20,
    optional: { maxBytes: undefined, maxAgeMs: 86_400_000 },
    log: { level: 'silent', format: 'json' },
    ...changes,
  };
}

async function started(t: ExecutionContext, settled: Config): Promise<Daemon> {
  const daemon = await startDaemon(settled, { clock: systemClock(), random: Math.random, log: silentLog(), pid: 4711 });
  t.teardown(() => daemon.stop({ hurry: AbortSignal.abort() }));
  await until(() => (daemon.status().nodes?.known ?? 0) > 0);
  return daemon;
}

async function tsd(t: ExecutionContext): Promise<Tsd> {
  const one = await openTsd({});
  t.teardown(() => one.close());
  return one;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const post = (daemon: Daemon, body = sample): Promise<Response> =>
  fetch(daemon.pushUrl, { method: 'POST', body, headers: { connection: 'close' } });

/** The names and times of what a TSD holds, which has no order. */
const held = ({ points }: Tsd): string[] =>
  points()
    .map(({ metric, timestamp }) => `${metric} ${timestamp}`)
    .toSorted();

const expected = readFileSync(`${golden}ns1-sample.points`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' ').slice(1, 3).join(' '))
  .toSorted();

test('a push arrives at OpenTSDB as its fourteen points', async (t) => {
  const one = await tsd(t);
  const settled = await config(t);
  const daemon = await started(t, { ...settled, tsdb: { ...settled.tsdb, urls: [one.url] } });
  t.is((await post(daemon)).status, 200);
  await until(() => daemon.status().sinks[0]?.accepted === 14);
  t.deepEqual(held(one), expected);
});

test('what was taken while OpenTSDB was away arrives after a restart', async (t) => {
  const settled = await config(t);
  const first = await started(t, settled);
  t.is((await post(first)).status, 200);
  await until(() => first.status().sinks[0]?.lastError !== undefined);
  await first.stop();
  const one = await tsd(t);
  const second = await started(t, { ...settled, tsdb: { ...settled.tsdb, urls: [one.url] } });
  await until(() => second.status().sinks[0]?.backlog.points === 0);
  t.deepEqual(held(one), expected);
  t.is((await post(second)).status, 200);
  t.like(second.status().pushes, { taken: 0, duplicate: 1 });
});

test('stopping gives what is in hand to the sink first', async (t) => {
  const one = await tsd(t);
  const settled = await config(t);
  const daemon = await started(t, { ...settled, tsdb: { ...settled.tsdb, urls: [one.url] } });
  await Promise.all(
    Array.from({ length: 20 }, (_, run) => post(daemon, sample.replace('"TestId":12345', `"TestId":${run + 1}`))),
  );
  await daemon.stop();
  t.is(one.points().length, 280);
});

test("a second daemon on the same state directory is refused and told the first one's process id", async (t) => {
  const settled = await config(t);
  await started(t, settled);
  const second = startDaemon(settled, { clock: systemClock(), random: Math.random, log: silentLog(), pid: 4712 });
  await t.throwsAsync(second, { message: /process 4711 uses it/, name: 'StateDirectoryTaken' });
});

test('a taken push port stops the start and leaves nothing behind', async (t) => {
  const settled = await config(t);
  const first = await started(t, settled);
  const other = await config(t, { listen: { host: '127.0.0.1', port: Number(new URL(first.pushUrl).port) } });
  await t.throwsAsync(startDaemon(other, { clock: systemClock(), random: Math.random, log: silentLog(), pid: 1 }), {
    name: 'CannotListen',
  });
  await started(t, { ...other, listen: { host: '127.0.0.1', port: 0 } });
});

test('a taken second port is replaced by a free one unless somebody chose it', async (t) => {
  const first = await started(t, await config(t));
  const adminListen = { host: '127.0.0.1', port: Number(new URL(first.adminUrl).port) };
  const chosen = startDaemon(await config(t, { adminListen }), {
    clock: systemClock(),
    random: Math.random,
    log: silentLog(),
    pid: 1,
  });
  await t.throwsAsync(chosen, { name: 'CannotListen' });
  const second = await started(t, await config(t, { adminListen, adminListenChosen: false }));
  t.not(second.adminUrl, first.adminUrl);
  t.is((await fetch(`${second.adminUrl}/healthz`)).status, 200);
});

test('a full spool refuses with 503 and Retry-After', async (t) => {
  const daemon = await started(t, await config(t, { spoolMaxBytes: 1500 }));
  const answers: Response[] = [];
  for (let run = 1; run <= 8; run += 1)
    answers.push(await post(daemon, sample.replace('"TestId":12345', `"TestId":${run}`)));
  t.deepEqual(
    [answers[0]?.status, answers.at(-1)?.status, answers.at(-1)?.headers.get('retry-after')],
    [200, 503, '30'],
  );
  t.regex(await (answers.at(-1) as Response).text(), /^\{"error":"spool: at most 1500 bytes, found \d+ waiting"\}$/);
});

test('with OpenTSDB away the bridge is ready and warns of it; with a full spool it is not ready', async (t) => {
  const daemon = await started(t, await config(t, { spoolMaxBytes: 20_000 }));
  await post(daemon);
  await until(() => daemon.status().sinks[0]?.lastError !== undefined);
  const readiness = async (): Promise<[number, { reasons: string[]; warnings: string[] }]> => {
    const answer = await fetch(`${daemon.adminUrl}/readyz`);
    return [answer.status, (await answer.json()) as { reasons: string[]; warnings: string[] }];
  };
  const [status, { reasons, warnings }] = await readiness();
  t.deepEqual([status, reasons], [200, []]);
  t.true(
    warnings.some((warning) =>
      /^opentsdb has taken nothing for \d+ s \(.*ECONNREFUSED.*\); 14 points wait$/.test(warning),
    ),
    warnings.join('\n'),
  );
  for (let run = 1; (await post(daemon, sample.replace('"TestId":12345', `"TestId":${run}`))).status === 200; run += 1);
  const [fullStatus, full] = await readiness();
  t.is(fullStatus, 503);
  t.regex(full.reasons.join('\n'), /^the spool is full: [\d.]+ KiB wait, at most 19.5 KiB may/);
});

test("the bridge's own metrics arrive at OpenTSDB beside the others, and are counted as a source", async (t) => {
  const one = await tsd(t);
  const settled = await config(t);
  const selfMetrics = { everyMs: 50, prefix: 'own.bridge' };
  const daemon = await started(t, { ...settled, selfMetrics, tsdb: { ...settled.tsdb, urls: [one.url] } });
  await post(daemon);
  await until(() =>
    one
      .points()
      .some(
        ({ metric, tags, value }) =>
          metric === 'own.bridge.pushes_total' && tags['outcome'] === 'taken' && Number(value) === 1,
      ),
  );
  const own = one.points().filter(({ metric }) => metric.startsWith('own.bridge.'));
  t.deepEqual(own.find(({ metric }) => metric === 'own.bridge.ready')?.tags, { host: 'unknown' });
  const metrics = await (await fetch(`${daemon.adminUrl}/metrics`)).text();
  t.regex(metrics, /\ncatchpoint_bridge_source_points_total\{source="catchpoint"\} 14\n/);
  t.regex(metrics, /\ncatchpoint_bridge_source_points_total\{source="bridge"\} [1-9]\d*\n/);
});

const backstop = {
  listen: { host: '127.0.0.1', port: 0 },
  naming: 'tags' as const,
  auth: [],
  prefixes: ['test'],
  prefix: undefined,
  githubSecrets: [],
  pagerDutySecrets: [],
  typesFile: undefined,
};
const alert = JSON.stringify({
  event: {
    id: '01A',
    event_type: 'incident.triggered',
    occurred_at: '2024-03-05T10:00:00.250Z',
    data: { title: 'disk', service: { summary: 'shop' } },
  },
});

test('Backstop listens on an address of its own; an event reaches OpenTSDB with its annotation, sent twice as once', async (t) => {
  const one = await tsd(t);
  const settled = await config(t, { backstop });
  const daemon = await started(t, { ...settled, tsdb: { ...settled.tsdb, urls: [one.url] } });
  t.not(daemon.backstopUrl, daemon.pushUrl);
  for (let time = 0; time < 2; time += 1) {
    t.is(
      (
        await fetch(`${daemon.backstopUrl}/pagerduty`, {
          method: 'POST',
          body: alert,
          headers: { connection: 'close' },
        })
      ).status,
      200,
    );
  }
  await until(() => daemon.status().sinks[0]?.accepted === 1);
  t.deepEqual(
    one.annotations().map(({ startTime, description }) => [startTime, description]),
    [[1709632800250, 'triggered: disk']],
  );
  t.like(daemon.status().backstop, { accepted: 2, duplicate: 1 });
  t.is((await fetch(`${daemon.pushUrl}/health`)).status, 404, "Catchpoint's listener serves nothing else");
});

test('an annotation is written after a restart, too', async (t) => {
  const settled = await config(t, { backstop });
  const first = await started(t, settled);
  await fetch(`${first.backstopUrl}/pagerduty`, { method: 'POST', body: alert, headers: { connection: 'close' } });
  await first.stop({ hurry: AbortSignal.abort() });
  const one = await tsd(t);
  const second = await started(t, { ...settled, tsdb: { ...settled.tsdb, urls: [one.url] } });
  await until(() => second.status().sinks[0]?.backlog.points === 0);
  t.is(one.annotations().length, 1);
});

test('with Catchpoint switched off only Backstop listens, and of Catchpoint nothing is said', async (t) => {
  const settled = await config(t, { backstop, takesCatchpoint: false });
  const daemon = await startDaemon(settled, { clock: systemClock(), random: Math.random, log: silentLog(), pid: 4711 });
  t.teardown(() => daemon.stop({ hurry: AbortSignal.abort() }));
  t.is(daemon.backstopUrl, daemon.pushUrl);
  t.is((await post(daemon)).status, 404);
  const { pushes, nodes, backstop: counts } = daemon.status();
  t.deepEqual([pushes, nodes, counts?.accepted], [undefined, undefined, 0]);
});

test('a types.db that cannot be read stops the start', async (t) => {
  const settled = await config(t, { backstop: { ...backstop, typesFile: '/nowhere/types.db' } });
  const start = startDaemon(settled, { clock: systemClock(), random: Math.random, log: silentLog(), pid: 1 });
  await t.throwsAsync(start, { name: 'WrongTypesDb', message: /^collectd-types: \/nowhere\/types\.db: ENOENT/ });
});
