// The built bridge polls a real Docker Engine and writes to a real VictoriaMetrics and a real carbon-cache. Every value in
// them is compared with what the engine says before and after it.

import type { ExecutionContext } from 'ava';
import { temporaryDirectory } from '../fakes/directory.ts';
import { carbonCache } from './carbon-cache.ts';
import {
  assertCounters,
  assertCpu,
  assertInCarbon,
  assertMemory,
  assertNames,
  assertNear,
  assertSteadyLoop,
  chargedAhead,
  type Compared,
  minSamples,
} from './docker-checks.ts';
import { type ContainerEngine, dockerEngine, type EngineStats, eventually } from './docker-engine.ts';
import { between, figuresOf, type Naming, readAtMs, type Reading, readingsOf } from './docker-readings.ts';
import { dockerTest } from './docker-test.ts';
import { bridge } from './program.ts';
import { victoriaMetrics } from './victoria-metrics.ts';

/** Three that run: one pings, one holds 16 MB, one is busy as far as it may. `named` is the name by the rules. */
const containers = {
  'web.1.prod.service': {
    script: 'exec /bin/busybox ping -q 172.17.0.1',
    options: ['-m', '64m', '-l', 'com.docker.compose.project=shop', '-l', 'com.docker.compose.service=web'],
    named: 'web.prod',
  },
  holder: {
    script: 'x=$(/bin/busybox yes | /bin/busybox head -c 16000000); /bin/busybox sleep 100000 & wait',
    options: ['-m', '64m', '--network', 'none'],
    named: 'holder',
  },
  busy: { script: 'while :; do :; done', options: ['--cpus', '0.2', '--network', 'none'], named: 'busy' },
} as const;
type Name = keyof typeof containers;
const names = Object.keys(containers) as Name[];

/** The rule of docker-stats-to-backstop's README. */
const rules = JSON.stringify([{ regexp: '(.*)\\.[0-9]+\\.(.*)\\..*', into: '$1.$2', category: 'svc' }]);
/** Starts containers and the bridge, and returns all that both databases and the engine say. */
async function polled(t: ExecutionContext, by: Naming) {
  const [engine, victoria, carbon] = await Promise.all([
    dockerEngine(t),
    victoriaMetrics(t),
    carbonCache(t, { MAX_UPDATES_PER_SECOND: 'inf', MAX_UPDATES_PER_SECOND_ON_SHUTDOWN: 'inf' }, '1s:1h'),
  ]);
  for (const name of names) await engine.run(name, containers[name].script, ...containers[name].options);
  await engine.run('ended', 'exit 0', '--network', 'none');
  await engine.run('ignored', 'exec /bin/busybox sleep 100000', '--network', 'none');
  await eventually('the container has ended', async () => (await engine.docker('ps', '-qf', 'status=exited')) !== '');
  await eventually('16 MB are held', async () => (await statsOf(engine, 'holder')).memory_stats.usage > 16e6);
  const docker = ['--docker', engine.url, '--docker-poll', '1s', '--docker-naming', by, '--docker-rules', rules];
  const receivers = ['-t', '127.0.0.1', '-p', String(victoria.httpPutPort), '--graphite', `127.0.0.1:${carbon.port}`];
  const state = ['--no-catchpoint', '--resolution', 'ms', '--state-dir', await temporaryDirectory(t)];
  const one = await bridge(t, [...state, ...docker, '--docker-exclude', 'name=ignor*', ...receivers]);
  const samples = async (name: Name, fromMs: number): Promise<number> =>
    between(figuresOf(await readingsOf(victoria), containers[name].named, by).get('cpu.percent'), fromMs, Infinity)
      .length;
  await eventually('per cents of every container', async () =>
    (await Promise.all(names.map((name) => samples(name, 0)))).every((count) => count > 0),
  );
  const before = await answers(engine);
  await eventually('samples of every container', async () =>
    (await Promise.all(names.map((name) => samples(name, readAtMs(before[name]))))).every(
      (count) => count > minSamples,
    ),
  );
  const shown = await shownByCli(engine, 'holder');
  const after = await answers(engine);
  t.is(await one.stop(), 0);
  const readings = await readingsOf(victoria);
  const compared = async (name: Name): Promise<Compared> => ({
    before: before[name],
    after: after[name],
    startedAtMs: await startedAtMs(engine, name),
    figures: figuresOf(readings, containers[name].named, by),
  });
  return { engine, victoria, carbon, readings, shown, compared };
}

const statsOf = (engine: ContainerEngine, name: string): Promise<EngineStats> =>
  engine.get(`/v1.41/containers/${name}/stats?stream=false&one-shot=true`);

async function answers(engine: ContainerEngine): Promise<Record<Name, EngineStats>> {
  const entries = names.map(async (name) => [name, await statsOf(engine, name)] as const);
  return Object.fromEntries(await Promise.all(entries)) as Record<Name, EngineStats>;
}

async function startedAtMs(engine: ContainerEngine, name: Name): Promise<number> {
  const { State } = await engine.get<{ readonly State: { readonly StartedAt: string } }>(
    `/v1.41/containers/${name}/json`,
  );
  return Date.parse(State.StartedAt);
}

/** What `docker stats` shows of memory: `15.84MiB / 64MiB` and `24.75%`. */
async function shownByCli(
  engine: ContainerEngine,
  name: Name,
): Promise<{ readonly bytes: number; readonly percent: number }> {
  const line = await engine.docker('stats', '--no-stream', '--format', '{{.MemUsage}} {{.MemPerc}}', name);
  const [, mebibytes, percent] = /^([\d.]+)MiB \/ 64MiB ([\d.]+)%$/.exec(line) ?? [];
  return { bytes: Number(mebibytes) * 2 ** 20, percent: Number(percent) };
}

for (const by of ['tags', 'legacy'] as const) {
  dockerTest(`every figure in both databases is what the engine says of its containers (${by})`, async (t) => {
    const { engine, carbon, readings, shown, compared } = await polled(t, by);
    for (const name of names) {
      const one = await compared(name);
      assertNames(t, name, one);
      assertCounters(t, name, one);
      assertMemory(t, name, one);
      assertCpu(t, name, one);
    }
    assertSteadyLoop(t, await compared('busy'));
    const holder = await compared('holder');
    const slack = chargedAhead(holder.after);
    for (const { value } of between(holder.figures.get('memory.used'), readAtMs(holder.before), Infinity))
      assertNear(t, value, shown.bytes, slack, 'memory.used beside docker stats');
    for (const { value } of between(holder.figures.get('memory.percent'), readAtMs(holder.before), Infinity))
      assertNear(t, value, shown.percent, (slack / 2 ** 26) * 100, 'memory.percent beside docker stats');
    const host = (await engine.get<{ readonly Name: string }>('/v1.41/info')).Name;
    if (by === 'tags') assertTags(t, readings, host);
    assertHost(t, readings, host, by);
    await assertInCarbon(t, carbon, readings, by);
  });
}

/** A container has the same tags in all its figures; interfaces have one more. */
function assertTags(t: ExecutionContext, readings: readonly Reading[], host: string): void {
  const expected = {
    'web.1.prod.service': { category: 'svc', project: 'shop', service: 'web' },
    holder: {},
    busy: {},
  } as const satisfies Record<Name, object>;
  for (const name of names) {
    const { named: container } = containers[name];
    const own = readings.filter(({ tags }) => tags['container'] === container);
    t.true(own.length > 0, name);
    for (const {
      tags: { interface: found, ...tags },
      metric,
    } of own) {
      t.deepEqual(tags, { host, container, image: 'bb_1', ...expected[name] }, metric);
      t.is(found, metric.startsWith('docker.network.interface.') ? 'eth0' : undefined, metric);
    }
  }
}

/** The figures of the host, and no others than those and the containers'. */
function assertHost(t: ExecutionContext, readings: readonly Reading[], host: string, by: Naming): void {
  const own = readings.filter(({ metric, tags }) =>
    by === 'tags'
      ? tags['container'] === undefined
      : !names.some((name) => metric.startsWith(`${containers[name].named}.`)),
  );
  const last = new Map(
    own.map(({ metric, tags, value }) => [
      [metric, ...(by === 'tags' ? [tags['category'] ?? tags['state'] ?? []].flat() : [])].join(' '),
      value,
    ]),
  );
  const duration = by === 'tags' ? 'docker.host.poll.duration' : `${host}.metrics.duration`;
  t.true((last.get(duration) ?? 0) > 0, duration);
  last.delete(duration);
  t.deepEqual(
    Object.fromEntries(last),
    by === 'tags'
      ? {
          'docker.host.containers.total': 3,
          'docker.host.containers.category svc': 1,
          'docker.host.containers.state running': 3,
          'docker.host.containers.state exited': 1,
        }
      : {
          [`${host}.containers.total`]: 3,
          [`${host}.containers.svc`]: 1,
          [`${host}.containers.state.running`]: 3,
          [`${host}.containers.state.exited`]: 1,
          [`${host}.metrics.threads`]: 1,
        },
  );
}
