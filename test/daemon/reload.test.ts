// A bridge that runs takes a new configuration: points go elsewhere, are cut otherwise, and nothing is lost on the way.

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
import { openTsd, type Tsd } from '../../src/simulator/tsd/tsd.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

const golden = new URL('../../../test/golden/catchpoint/', import.meta.url).pathname;
const sample = readFileSync(`${golden}ns1-sample.json`, 'utf8');

interface Running {
  readonly daemon: Daemon;
  readonly reloads: Reloading;
  readonly stateDir: string;
  /** Writes the file that the configuration comes from; what stands in it goes before the settings of the start. */
  configure(lines: Readonly<Record<string, string | number | boolean>>): Promise<void>;
  push(body: string): Promise<number>;
}

async function running(t: ExecutionContext, lines: Readonly<Record<string, string | number>>): Promise<Running> {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'bridge.yaml');
  const base = {
    listen: '127.0.0.1:0',
    'admin-listen': '127.0.0.1:0',
    'state-dir': stateDir,
    'nodes-file': `${golden}../nodes/v1.json`,
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
  const push = async (body: string): Promise<number> =>
    (await fetch(daemon.pushUrl, { method: 'POST', body, headers: { connection: 'close' } })).status;
  return { daemon, reloads, stateDir, configure, push };
}

async function tsd(t: ExecutionContext): Promise<Tsd> {
  const one = await openTsd();
  t.teardown(one.close);
  return one;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const metrics = ({ points }: Tsd): string[] => points().map(({ metric }) => metric);

test('points go to the OpenTSDB of the new configuration, cut as it says; what waited for the old one too', async (t) => {
  const [reached, other] = [await tsd(t), await tsd(t)];
  const { daemon, reloads, configure, push } = await running(t, { 'tsdb-host': reached.url });
  t.is(await push(sample), 200);
  await until(() => reached.points().length === 14);
  await reached.close();
  t.is(await push(sample.replace('20160226010449609', '20160226010549609')), 200);
  await until(() => daemon.status().sinks[0]?.lastError !== undefined);

  await configure({ 'tsdb-host': other.url, slices: 'node', 'metric-prefix': 'cp' });
  t.deepEqual(await reloads.reload(), { changed: ['tsdb-host', 'metric-prefix', 'slices'], needRestart: [] });
  t.is(await push(sample.replace('20160226010449609', '20160226010649609')), 200);
  await until(() => other.points().length === 16);
  t.deepEqual(
    metrics(other)
      .filter((metric) => metric.startsWith('cp.'))
      .toSorted(),
    ['cp.rtt.by_node.12345', 'cp.status.by_node.12345'],
  );
  await until(() => daemon.status().sinks[0]?.backlog.points === 0);
});

test('the bound of a body, the bound of the spool and the level of the log change', async (t) => {
  const { daemon, reloads, configure, push } = await running(t, { 'file-mode': 'true' });
  const long = sample.replace('"NodeName"', `"Filler": "${'x'.repeat(2000)}", "NodeName"`);
  await configure({ 'file-mode': true, 'max-body-bytes': 1024, 'spool-max-bytes': '2MiB', 'log-level': 'error' });
  t.deepEqual((await reloads.reload()).changed, ['max-body-bytes', 'spool-max-bytes', 'log-level']);
  t.is(await push(long), 413);
  t.is(daemon.status().spool.maxBytes, 2 * 2 ** 20);
});

test('other nodes are read at once', async (t) => {
  const { daemon, reloads, configure, stateDir } = await running(t, { 'file-mode': 'true' });
  const path = join(stateDir, 'mine.json');
  const known = daemon.status().nodes?.known ?? 0;
  await writeFile(path, JSON.stringify([{ id: 990_001, name: 'Nowhere, XX - Nobody', active: true }]));
  await configure({ 'file-mode': true, 'nodes-file': path, 'refresh-hours': 1 });
  t.deepEqual((await reloads.reload()).changed, ['nodes-file', 'refresh-hours']);
  await until(() => daemon.status().nodes?.known === known + 1);
  t.pass();
});

test('an authority that cannot be read is refused, and the points go where they went', async (t) => {
  const reached = await tsd(t);
  const { reloads, configure, push } = await running(t, { 'tsdb-host': reached.url });
  await configure({ 'tsdb-host': 'https://127.0.0.1:1', 'tsdb-ca': '/nowhere/ca.pem', slices: 'node' });
  await t.throwsAsync(reloads.reload(), { name: 'ReloadRefused', message: /ENOENT/ });
  t.is(await push(sample), 200);
  await until(() => reached.points().length === 14);
  t.pass();
});

test('whoever has the token asks for a reload over HTTP, and is told what changed or why nothing did', async (t) => {
  const { configure, stateDir } = await running(t, { 'file-mode': 'true' });
  const access = await readAdminFile(stateDir);
  const ask = (token: string | undefined): Promise<Response> =>
    fetch(`${access?.url}/admin/reload`, {
      method: 'POST',
      headers: { connection: 'close', authorization: `Bearer ${token}` },
    });
  t.is((await ask('guessed')).status, 401);
  await configure({ 'file-mode': true, 'log-level': 'warn', resolution: 'ms' });
  const taken = await ask(access?.token);
  t.deepEqual([taken.status, await taken.json()], [200, { changed: ['log-level'], needRestart: ['resolution'] }]);
  await configure({ 'file-mode': true, 'log-level': 'loud' });
  const refused = await ask(access?.token);
  t.is(refused.status, 422);
  t.regex(
    ((await refused.json()) as { error: string }).error,
    /bridge\.yaml:1: log-level: expected one of debug, .* found "loud"$/,
  );
});

test('who may push, how much, and what is said of nodes change; a token that goes is refused at once', async (t) => {
  const { daemon, reloads, configure, stateDir } = await running(t, { 'file-mode': 'true' });
  const overrides = join(stateDir, 'overrides.yaml');
  const tokens = join(stateDir, 'tokens');
  const ask = async (token: string, run = '20160226010449609'): Promise<number> => {
    const body = sample.replace('20160226010449609', run);
    return (
      await fetch(`${daemon.pushUrl}/?token=${token}`, { method: 'POST', body, headers: { connection: 'close' } })
    ).status;
  };
  t.is(await ask('none'), 200);
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
  t.deepEqual([await ask('none'), await ask('a-given-token-0123456', '20160226010549609')], [401, 200]);
  t.deepEqual([daemon.status().access.isOpen, daemon.status().access.tokens], [false, 2]);

  await writeFile(tokens, 'another-in-a-file-0123\n');
  await configure({ ...kept, 'rotation-secret': 'the-secret-that-sets-it-0123' });
  t.deepEqual((await reloads.reload()).needRestart, []);
  t.deepEqual(
    [
      await ask('a-given-token-0123456'),
      await ask('a-token-in-a-file-0123'),
      await ask('another-in-a-file-0123', '20160226010649609'),
    ],
    [503, 503, 200],
  );
  t.like(daemon.status().access.door, { unauthenticated: 1, awaiting: 2 }, 'counts go on');
  const set = await fetch(`${daemon.pushUrl}/catchpoint/token`, {
    method: 'POST',
    body: 'token=set-by-catchpoint-0123',
    headers: { connection: 'close', authorization: 'Bearer the-secret-that-sets-it-0123' },
  });
  t.deepEqual([set.status, await ask('set-by-catchpoint-0123', '20160226010749609')], [200, 200]);
  const written = (): string => readFileSync(join(stateDir, 'points.put'), 'utf8');
  await until(() => daemon.status().sinks[0]?.backlog.points === 0);
  t.regex(written(), /by_city\.12345 1456448689 .*city=Jinan/);
  t.regex(written(), /by_city\.12345 1456448749 .*city=Elsewhere/);

  await writeFile(overrides, '312: { town: Elsewhere }\n');
  await t.throwsAsync(reloads.reload(), {
    name: 'ReloadRefused',
    message: /overrides\.yaml:1: node 312: town: no such field/,
  });
  t.is(await ask('another-in-a-file-0123', '20160226010849609'), 200);
});
