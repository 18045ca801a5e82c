// The whole bridge in one process: it stores before it acknowledges, and delivers what it stored.

import test, { type ExecutionContext } from 'ava';
import { type Config, readConfig } from '../../src/config/config.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { Tsd } from '../../src/simulator/tsd/tsd.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { until } from '../fakes/until.ts';
import { nodesFile, post, sample, samplePoints, tsdOf } from './bridge.ts';

async function configOf(t: ExecutionContext, changes: Partial<Config> = {}): Promise<Config> {
  const flags = {
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    stateDir: await temporaryDirectory(t),
    nodesFile,
    tsdbHost: ['http://127.0.0.1:1'],
  };
  const { config } = readConfig({ flags, env: {}, readFile: () => '', canWriteIn: () => true }, { needsNodes: true });
  return { ...config, ...changes };
}

const start = (config: Config, pid = 4711): Promise<Daemon> =>
  startDaemon(config, { clock: systemClock(), random: Math.random, log: silentLog(), pid });

async function started(t: ExecutionContext, config: Config): Promise<Daemon> {
  const daemon = await start(config);
  t.teardown(() => daemon.stop({ hurry: AbortSignal.abort() }));
  if (config.takesCatchpoint) await until(() => (daemon.status().nodes?.known ?? 0) > 0);
  return daemon;
}

const withTsd = (config: Config, { url }: Tsd): Config => ({ ...config, tsdb: { ...config.tsdb, urls: [url] } });

const push = ({ pushUrl }: Daemon, testId = 12345): Promise<Response> =>
  post(pushUrl, sample.replace('"TestId":12345', `"TestId":${testId}`));

/** Metric names and times; the simulator stores points in no order. */
const stored = ({ points }: Tsd): string[] =>
  points()
    .map(({ metric, timestamp }) => `${metric} ${timestamp}`)
    .toSorted();

const expected = samplePoints
  .trim()
  .split('\n')
  .map((line) => line.split(' ').slice(1, 3).join(' '))
  .toSorted();

test('a push becomes fourteen points in OpenTSDB', async (t) => {
  const tsd = await tsdOf(t);
  const daemon = await started(t, withTsd(await configOf(t), tsd));
  t.is((await push(daemon)).status, 200);
  await until(() => daemon.status().sinks[0]?.accepted === 14);
  t.deepEqual(stored(tsd), expected);
});

test('a push that was stored while OpenTSDB was down is delivered after a restart', async (t) => {
  const config = await configOf(t);
  const first = await started(t, config);
  t.is((await push(first)).status, 200);
  await until(() => first.status().sinks[0]?.lastError !== undefined);
  await first.stop();
  const tsd = await tsdOf(t);
  const second = await started(t, withTsd(config, tsd));
  await until(() => second.status().sinks[0]?.backlog.points === 0);
  t.deepEqual(stored(tsd), expected);
  t.is((await push(second)).status, 200);
  t.like(second.status().pushes, { taken: 0, duplicate: 1 });
});

test('stop drains the spool first', async (t) => {
  const tsd = await tsdOf(t);
  const daemon = await started(t, withTsd(await configOf(t), tsd));
  await Promise.all(Array.from({ length: 20 }, (_, run) => push(daemon, run + 1)));
  await daemon.stop();
  t.is(tsd.points().length, 280);
});

test("a second daemon on the same state directory is refused with the first one's process id", async (t) => {
  const config = await configOf(t);
  await started(t, config);
  await t.throwsAsync(start(config, 4712), { message: /process 4711 uses it/, name: 'StateDirectoryTaken' });
});

test('the start fails on a taken push port and releases everything', async (t) => {
  const first = await started(t, await configOf(t));
  const other = await configOf(t, { listen: { host: '127.0.0.1', port: Number(new URL(first.pushUrl).port) } });
  await t.throwsAsync(start(other), { name: 'CannotListen' });
  await started(t, { ...other, listen: { host: '127.0.0.1', port: 0 } });
});

test('a taken admin port is replaced by a free one unless it was configured', async (t) => {
  const first = await started(t, await configOf(t));
  const adminListen = { host: '127.0.0.1', port: Number(new URL(first.adminUrl).port) };
  await t.throwsAsync(start(await configOf(t, { adminListen })), { name: 'CannotListen' });
  const second = await started(t, await configOf(t, { adminListen, adminListenChosen: false }));
  t.not(second.adminUrl, first.adminUrl);
  t.is((await fetch(`${second.adminUrl}/healthz`)).status, 200);
});

test('a full spool answers 503 with Retry-After', async (t) => {
  const daemon = await started(t, await configOf(t, { spoolMaxBytes: 1500 }));
  t.is((await push(daemon, 1)).status, 200);
  for (let run = 2; run < 8; run += 1) await push(daemon, run);
  const refused = await push(daemon, 8);
  t.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '30']);
  t.regex(await refused.text(), /^\{"error":"spool: at most 1500 bytes, found \d+ waiting"\}$/);
});

test('the bridge is ready with a warning while OpenTSDB is down, and not ready with a full spool', async (t) => {
  const daemon = await started(t, await configOf(t, { spoolMaxBytes: 20_000 }));
  await push(daemon);
  await until(() => daemon.status().sinks[0]?.lastError !== undefined);
  const readiness = async (): Promise<[number, { reasons: string[]; warnings: string[] }]> => {
    const answer = await fetch(`${daemon.adminUrl}/readyz`);
    return [answer.status, (await answer.json()) as { reasons: string[]; warnings: string[] }];
  };
  const [status, { reasons, warnings }] = await readiness();
  t.deepEqual([status, reasons], [200, []]);
  t.regex(warnings.join('\n'), /^opentsdb has taken nothing for \d+ s \(.*ECONNREFUSED.*\); 14 points wait$/m);
  for (let run = 1; (await push(daemon, run)).status === 200; run += 1);
  const [fullStatus, full] = await readiness();
  t.is(fullStatus, 503);
  t.regex(full.reasons.join('\n'), /^the spool is full: [\d.]+ KiB wait, at most 19.5 KiB may/);
});

test("the bridge's own metrics reach OpenTSDB and are counted as a source", async (t) => {
  const tsd = await tsdOf(t);
  const selfMetrics = { everyMs: 50, prefix: 'own.bridge' };
  const daemon = await started(t, withTsd(await configOf(t, { selfMetrics }), tsd));
  await push(daemon);
  const taken = (): boolean =>
    tsd
      .points()
      .some(
        ({ metric, tags, value }) =>
          metric === 'own.bridge.pushes_total' && tags['outcome'] === 'taken' && Number(value) === 1,
      );
  await until(taken);
  t.deepEqual(tsd.points().find(({ metric }) => metric === 'own.bridge.ready')?.tags, { host: 'unknown' });
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
const incident = JSON.stringify({
  event: {
    id: '01A',
    event_type: 'incident.triggered',
    occurred_at: '2024-03-05T10:00:00.250Z',
    data: { title: 'disk', service: { summary: 'shop' } },
  },
});
const postIncident = ({ backstopUrl }: Daemon): Promise<Response> => post(`${backstopUrl}/pagerduty`, incident);

test('Backstop has its own listener; an event that is sent twice is stored once, with its annotation', async (t) => {
  const tsd = await tsdOf(t);
  const daemon = await started(t, withTsd(await configOf(t, { backstop }), tsd));
  t.not(daemon.backstopUrl, daemon.pushUrl);
  t.is((await postIncident(daemon)).status, 200);
  t.is((await postIncident(daemon)).status, 200);
  await until(() => daemon.status().sinks[0]?.accepted === 1);
  t.deepEqual(
    tsd.annotations().map(({ startTime, description }) => [startTime, description]),
    [[1709632800250, 'triggered: disk']],
  );
  t.like(daemon.status().backstop, { accepted: 1, duplicate: 1 });
  t.is((await fetch(`${daemon.pushUrl}/health`)).status, 404, "Catchpoint's listener has no route of Backstop's");
});

test('an annotation survives a restart', async (t) => {
  const config = await configOf(t, { backstop });
  const first = await started(t, config);
  await postIncident(first);
  await first.stop({ hurry: AbortSignal.abort() });
  const tsd = await tsdOf(t);
  const second = await started(t, withTsd(config, tsd));
  await until(() => second.status().sinks[0]?.backlog.points === 0);
  t.is(tsd.annotations().length, 1);
});

test('with Catchpoint off only Backstop listens, and the status has no Catchpoint members', async (t) => {
  const daemon = await started(t, await configOf(t, { backstop, takesCatchpoint: false }));
  t.is(daemon.backstopUrl, daemon.pushUrl);
  t.is((await push(daemon)).status, 404);
  const { pushes, nodes, backstop: counts } = daemon.status();
  t.deepEqual([pushes, nodes, counts?.accepted], [undefined, undefined, 0]);
});

test('the start fails on a types.db that cannot be read', async (t) => {
  const config = await configOf(t, { backstop: { ...backstop, typesFile: '/nowhere/types.db' } });
  await t.throwsAsync(start(config), {
    name: 'WrongTypesDb',
    message: /^collectd-types: \/nowhere\/types\.db: ENOENT/,
  });
});
