// A running bridge takes a new configuration without losing points.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { readAdminFile } from '../../src/admin/admin-file.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { loadConfig } from '../../src/cli/load-config.ts';
import type { ConfigRead } from '../../src/config/config.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { reloading, type Reloading } from '../../src/config/reload.ts';
import type { Tsd } from '../../src/simulator/tsd/tsd.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { until } from '../fakes/until.ts';
import { nodesFile, post, sample, tsdOf } from './bridge.ts';

const sampleRun = '20160226010449609';
const runAt = (run: string): string => sample.replace(sampleRun, run);

interface Running {
  readonly daemon: Daemon;
  readonly reloads: Reloading;
  readonly stateDir: string;
  /** Rewrites the configuration file; the lines take precedence over the settings of the start. */
  configure(lines: Readonly<Record<string, string | number | boolean>>): Promise<void>;
  /** Resolves with the status of the answer. */
  push(body: string, token?: string): Promise<number>;
}

async function running(t: ExecutionContext, lines: Readonly<Record<string, string | number>>): Promise<Running> {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'bridge.yaml');
  const base = {
    listen: '127.0.0.1:0',
    'admin-listen': '127.0.0.1:0',
    'state-dir': stateDir,
    'nodes-file': nodesFile,
  };
  const configure = (more: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(path, JSON.stringify({ ...base, ...more }));
  await configure(lines);
  const read = (): ConfigRead => loadConfig({ config: path }, {}, { needsNodes: true });
  const first = read();
  const log = pino({ level: 'silent' }, { write: () => {} });
  const clock = systemClock();
  const reloads = reloading({ read, running: first, log, clock });
  const daemon = await startDaemon(first.config, { clock, random: Math.random, log, pid: 4711, reloading: reloads });
  t.teardown(() => daemon.stop({ hurry: AbortSignal.abort() }));
  await until(() => (daemon.status().nodes?.known ?? 0) > 0);
  const push = async (body: string, token = 'none'): Promise<number> =>
    (await post(`${daemon.pushUrl}/?token=${token}`, body)).status;
  return { daemon, reloads, stateDir, configure, push };
}

const metrics = ({ points }: Tsd): string[] => points().map(({ metric }) => metric);

test('new and waiting points go to the new OpenTSDB; new pushes get the new slices', async (t) => {
  const [before, after] = [await tsdOf(t), await tsdOf(t)];
  const { daemon, reloads, configure, push } = await running(t, { 'tsdb-host': before.url });
  t.is(await push(sample), 200);
  await until(() => before.points().length === 14);
  await before.close();
  t.is(await push(runAt('20160226010549609')), 200);
  await until(() => daemon.status().sinks[0]?.lastError !== undefined);

  await configure({ 'tsdb-host': after.url, slices: 'node', 'metric-prefix': 'cp' });
  t.deepEqual(await reloads.reload(), { changed: ['tsdb-host', 'metric-prefix', 'slices'], needRestart: [] });
  t.is(await push(runAt('20160226010649609')), 200);
  await until(() => after.points().length === 16);
  t.deepEqual(
    metrics(after)
      .filter((metric) => metric.startsWith('cp.'))
      .toSorted(),
    ['cp.rtt.by_node.12345', 'cp.status.by_node.12345'],
  );
  await until(() => daemon.status().sinks[0]?.backlog.points === 0);
});

test('body size limit, spool limit and log level are reloadable', async (t) => {
  const { daemon, reloads, configure, push } = await running(t, { 'file-mode': 'true' });
  const long = sample.replace('"NodeName"', `"Filler": "${'x'.repeat(2000)}", "NodeName"`);
  await configure({ 'file-mode': true, 'max-body-bytes': 1024, 'spool-max-bytes': '2MiB', 'log-level': 'error' });
  t.deepEqual((await reloads.reload()).changed, ['max-body-bytes', 'spool-max-bytes', 'log-level']);
  t.is(await push(long), 413);
  t.is(daemon.status().spool.maxBytes, 2 * 2 ** 20);
});

test('a new nodes file is read at once', async (t) => {
  const { daemon, reloads, configure, stateDir } = await running(t, { 'file-mode': 'true' });
  const path = join(stateDir, 'mine.json');
  const known = daemon.status().nodes?.known ?? 0;
  await writeFile(path, JSON.stringify([{ id: 990_001, name: 'Nowhere, XX - Nobody', active: true }]));
  await configure({ 'file-mode': true, 'nodes-file': path, 'refresh-hours': 1 });
  t.deepEqual((await reloads.reload()).changed, ['nodes-file', 'refresh-hours']);
  await until(() => daemon.status().nodes?.known === known + 1);
  t.pass();
});

test('a reload with an unreadable CA file fails, and points still go to the previous OpenTSDB', async (t) => {
  const before = await tsdOf(t);
  const { reloads, configure, push } = await running(t, { 'tsdb-host': before.url });
  await configure({ 'tsdb-host': 'https://127.0.0.1:1', 'tsdb-ca': '/nowhere/ca.pem', slices: 'node' });
  await t.throwsAsync(reloads.reload(), { name: 'ReloadRefused', message: /ENOENT/ });
  t.is(await push(sample), 200);
  await until(() => before.points().length === 14);
  t.pass();
});

test('POST /admin/reload needs the token and answers the changed settings or the faults', async (t) => {
  const { configure, stateDir } = await running(t, { 'file-mode': 'true' });
  const access = await readAdminFile(stateDir);
  const reload = (token: string | undefined): Promise<Response> =>
    post(`${access?.url}/admin/reload`, '', { authorization: `Bearer ${token}` });
  t.is((await reload('guessed')).status, 401);
  await configure({ 'file-mode': true, 'log-level': 'warn', resolution: 'ms' });
  const taken = await reload(access?.token);
  t.deepEqual([taken.status, await taken.json()], [200, { changed: ['log-level'], needRestart: ['resolution'] }]);
  await configure({ 'file-mode': true, 'log-level': 'loud' });
  const refused = await reload(access?.token);
  t.is(refused.status, 422);
  t.regex(
    ((await refused.json()) as { error: string }).error,
    /bridge\.yaml:1: log-level: expected one of debug, .* found "loud"$/,
  );
});

test('access control and node overrides are reloadable; a removed token is refused at once', async (t) => {
  const { daemon, reloads, configure, stateDir, push } = await running(t, { 'file-mode': 'true' });
  const overrides = join(stateDir, 'overrides.yaml');
  const tokens = join(stateDir, 'tokens');
  t.is(await push(sample, 'none'), 200);
  t.true(daemon.status().access.isOpen);
  await writeFile(tokens, 'a-token-in-a-file-0123\n');
  await writeFile(overrides, '312: { city: Elsewhere }\n');
  const kept = { 'file-mode': true, 'push-token-file': tokens, 'node-overrides': overrides };
  await configure({
    ...kept,
    'push-token': 'a-given-token-0123456',
    'max-connections': 7,
    'max-arriving-bytes': '2MiB',
    'check-sender': 'report',
  });
  t.deepEqual((await reloads.reload()).changed, [
    'push-token',
    'push-token-file',
    'check-sender',
    'max-connections',
    'max-arriving-bytes',
    'node-overrides',
  ]);
  t.deepEqual(
    [await push(sample, 'none'), await push(runAt('20160226010549609'), 'a-given-token-0123456')],
    [401, 200],
  );
  t.deepEqual([daemon.status().access.isOpen, daemon.status().access.tokens], [false, 2]);

  await writeFile(tokens, 'another-in-a-file-0123\n');
  await configure({ ...kept, 'rotation-secret': 'the-secret-that-sets-it-0123' });
  t.deepEqual((await reloads.reload()).needRestart, []);
  t.deepEqual(
    [
      await push(sample, 'a-given-token-0123456'),
      await push(sample, 'a-token-in-a-file-0123'),
      await push(runAt('20160226010649609'), 'another-in-a-file-0123'),
    ],
    [503, 503, 200],
  );
  t.like(daemon.status().access.authentication, { unauthenticated: 1, awaiting: 2 }, 'counters survive the reload');
  const set = await post(`${daemon.pushUrl}/catchpoint/token`, 'token=set-by-catchpoint-0123', {
    authorization: 'Bearer the-secret-that-sets-it-0123',
  });
  t.deepEqual([set.status, await push(runAt('20160226010749609'), 'set-by-catchpoint-0123')], [200, 200]);
  const written = (): string => readFileSync(join(stateDir, 'points.put'), 'utf8');
  await until(() => daemon.status().sinks[0]?.backlog.points === 0);
  t.regex(written(), /by_city\.12345 1456448689 .*city=Jinan/);
  t.regex(written(), /by_city\.12345 1456448749 .*city=Elsewhere/);

  await writeFile(overrides, '312: { town: Elsewhere }\n');
  await t.throwsAsync(reloads.reload(), {
    name: 'ReloadRefused',
    message: /overrides\.yaml:1: node 312: town: no such field/,
  });
  t.is(await push(runAt('20160226010849609'), 'another-in-a-file-0123'), 200);
});
