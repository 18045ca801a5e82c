// The bridge with the Docker source: figures reach the sinks, and an engine that is away stops nothing.

import test, { type ExecutionContext } from 'ava';
import { join } from 'node:path';
import { readConfig } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openSimulatedEngine, type SimulatedEngine } from '../../src/simulator/docker/simulated-engine.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { readLog } from '../fakes/log.ts';
import { until } from '../fakes/until.ts';
import { nodesFile, post, sample, tsdOf } from './bridge.ts';

const containers = [
  { name: 'shop-web-1', image: 'nginx:1', labels: { 'com.docker.compose.project': 'shop' } },
  { name: 'shop-db-1', state: 'exited' },
] as const;

async function engineOf(t: ExecutionContext): Promise<SimulatedEngine> {
  const listen = join(await temporaryDirectory(t), 'docker.sock');
  const engine = await openSimulatedEngine({ clock: systemClock(), random: Math.random, containers, listen });
  t.teardown(engine.close);
  return engine;
}

async function started(t: ExecutionContext, flags: Flags) {
  const { config } = readConfig(
    {
      flags: {
        listen: '127.0.0.1:0',
        adminListen: '127.0.0.1:0',
        stateDir: await temporaryDirectory(t),
        dockerPoll: '100ms',
        ...flags,
      },
      env: {},
      readFile: () => '',
      canWriteIn: () => true,
    },
    { needsNodes: true },
  );
  const log = readLog();
  const daemon = await startDaemon(config, { clock: systemClock(), random: Math.random, log: log.log, pid: 4711 });
  t.teardown(() => daemon.stop({ hurry: AbortSignal.abort() }));
  return { daemon, lines: log.lines };
}

const ready = async ({ adminUrl }: Daemon): Promise<{ status: string; warnings: string[] }> =>
  (await (await fetch(`${adminUrl}/readyz`)).json()) as { status: string; warnings: string[] };

test('the figures of containers reach OpenTSDB, and nothing else has to be configured', async (t) => {
  const [engine, tsd] = [await engineOf(t), await tsdOf(t)];
  const { daemon, lines } = await started(t, { catchpoint: false, docker: engine.url, tsdbHost: [tsd.url] });
  t.is(daemon.pushUrl, '', 'nothing listens for pushes');
  await until(() => tsd.points().some(({ metric }) => metric === 'docker.host.containers.state'));
  await until(() => tsd.points().some(({ metric }) => metric === 'docker.cpu.percent'));
  const total = tsd.points().find(({ metric }) => metric === 'docker.cpu.total');
  t.like(total?.tags, { host: 'simulated', container: 'shop-web-1', project: 'shop' });
  t.false(
    tsd.points().some(({ tags }) => tags['container'] === 'shop-db-1'),
    'a stopped container has no figures',
  );
  t.like(daemon.status().docker, { engine: { product: 'Docker' }, containers: { running: 1, exited: 1 } });
  const text = await (await fetch(`${daemon.adminUrl}/metrics`)).text();
  t.regex(text, /^catchpoint_bridge_docker_engine_up 1$/m);
  t.regex(text, /^catchpoint_bridge_source_points_total\{source="docker"\} [1-9]/m);
  t.false(
    lines().some(({ msg }) => String(msg).includes('push listener')),
    'there is no push listener to warn of',
  );
});

test('an engine that is away is a warning; pushes are taken, and polls begin when it is there', async (t) => {
  const [engine, tsd] = [await engineOf(t), await tsdOf(t)];
  await engine.halt();
  const { daemon } = await started(t, { docker: engine.url, nodesFile, tsdbHost: [tsd.url] });
  await until(() => daemon.status().docker?.failingSinceMs !== undefined);
  const away = await ready(daemon);
  t.is(away.status, 'ready');
  t.regex(away.warnings.join('\n'), /the Docker engine at unix:\/\/.* has not answered for \d+ s \(/);
  t.is((await post(daemon.pushUrl, sample)).status, 200);
  await engine.resume();
  await until(() => (daemon.status().docker?.samples ?? 0) > 0);
  t.notRegex((await ready(daemon)).warnings.join('\n'), /Docker/);
});

test('without --docker the status has no member of it', async (t) => {
  const { daemon } = await started(t, { nodesFile, fileMode: true });
  t.is(daemon.status().docker, undefined);
});
