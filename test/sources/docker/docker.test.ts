// The source against the simulated engine, over a socket.

import test, { type ExecutionContext } from 'ava';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DataPoint } from '../../../src/model/point.ts';
import { openSimulatedEngine, type SimulatedEngineOptions } from '../../../src/simulator/docker/simulated-engine.ts';
import { type DockerOptions, openDocker } from '../../../src/sources/docker/docker.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { readLog } from '../../fakes/log.ts';
import { until } from '../../fakes/until.ts';

const settings: Omit<DockerOptions, 'url' | 'deliver' | 'clock' | 'log'> = {
  isTls: false,
  certDirectory: undefined,
  pollMs: 100,
  rules: undefined,
  include: [],
  exclude: [],
  labelTags: [],
  naming: 'legacy',
  prefix: '',
  figures: 'all',
  hostname: undefined,
  concurrency: 100,
  unit: 'ms',
  machineName: 'this-machine',
  random: () => 0.5,
};

const containers = [
  { name: 'web' },
  { name: 'db', labels: { tier: 'data' } },
  { name: 'old', state: 'exited' as const },
];

/** Runs the source; its first engine may come later. */
async function running(
  t: ExecutionContext,
  {
    engine: engineOptions = {},
    isStarted = true,
    ...overrides
  }: Partial<DockerOptions> & { readonly engine?: Partial<SimulatedEngineOptions>; readonly isStarted?: boolean } = {},
) {
  const clock = systemClock();
  const path = join(await temporaryDirectory(t), 'docker.sock');
  const open = (options: Partial<SimulatedEngineOptions> = engineOptions) =>
    openSimulatedEngine({ clock, random: seeded(7), containers, listen: path, ...options });
  const engine = isStarted ? await open() : undefined;
  const points: DataPoint[] = [];
  const newest = new Map<string, DataPoint>();
  const log = readLog('info');
  const docker = openDocker({
    ...settings,
    url: `unix://${path}`,
    clock,
    log: log.log,
    deliver: async (delivered) => {
      for (const point of delivered as readonly DataPoint[]) {
        points.push(point);
        newest.set(point.metric, point);
      }
      return 'stored';
    },
    ...overrides,
  });
  const stop = new AbortController();
  const ended = docker.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  t.teardown(async () => {
    await end();
    await engine?.close();
  });
  const last = (metric: string): DataPoint | undefined => newest.get(metric);
  return { engine: engine as NonNullable<typeof engine>, open, docker, points, last, log, end };
}

test.serial('polls the running containers, names the engine, and counts by state', async (t) => {
  const { docker, points, last } = await running(t);
  await until(() => last('web.cpu.percent') !== undefined && last('db.uptime') !== undefined);
  await until(() => docker.status().polls.completed >= 2 && docker.status().samples >= 4);
  t.false(points.some(({ metric }) => metric.startsWith('old.')));
  const { address, engine, containers, lastError, polls, events } = docker.status();
  t.regex(address, /^unix:\/\/.*docker\.sock$/);
  t.like(engine, { product: 'Docker', apiVersion: '1.52', cgroupVersion: 2, hostname: 'simulated' });
  t.deepEqual(containers, { running: 2, exited: 1 });
  t.is(lastError, undefined);
  t.is(polls.failed, 0);
  await until(() => docker.status().events.isConnected);
  t.is(events.exits, 0);
  t.is(last('simulated.containers.total')?.value, '2');
  t.is(last('simulated.containers.state.exited')?.value, '1');
});

test.serial(
  'with points of seconds the first poll is in the next second, since a process before may have sent this one',
  async (t) => {
    const startedAt = Math.floor(Date.now() / 1000);
    const { points, docker } = await running(t, { unit: 's' });
    await until(() => docker.status().polls.completed > 0);
    t.true(points.length > 0);
    t.deepEqual(
      points.filter(({ timestamp }) => timestamp <= startedAt),
      [],
    );
  },
);

test.serial('include, exclude and rules choose and name containers', async (t) => {
  const { docker, points, last } = await running(t, {
    include: ['name=d*', 'name=old'],
    exclude: ['label=tier=front'],
    rules: '[{"regexp":"^d(.*)$","into":"data.$1","category":"base"}]',
    hostname: 'h1',
  });
  await until(() => last('data.b.cpu.total') !== undefined && last('h1.containers.base') !== undefined);
  t.true(points.every(({ metric }) => metric.startsWith('data.b.') || metric.startsWith('h1.')));
  t.is(docker.status().excluded, 1);
});

test.serial('exits, OOM kills and restarts are counters with annotations', async (t) => {
  const { engine, docker, points, last } = await running(t);
  await until(() => docker.status().events.isConnected && last('web.exits')?.value === '0');
  engine.kill('web');
  await until(() => last('web.exits')?.value === '1');
  const annotated = points.find(({ metric, annotation }) => metric === 'web.exits' && annotation !== undefined);
  t.like(annotated?.annotation, { description: 'container web exited with code 137' });
  engine.start('web');
  await until(() => last('web.restarts')?.value === '1');
  engine.oom('db');
  await until(() => last('db.oom_kills')?.value === '1' && last('db.exits')?.value === '1');
  t.like(docker.status().events, { exits: 2, oomKills: 1, restarts: 1 });
  const keys = points.map(({ metric, timestamp }) => `${metric} ${timestamp}`);
  t.is(new Set(keys).size, keys.length, 'no two points of a series have one time');
});

test.serial('a container that is left out for its name has no points of its events', async (t) => {
  const { engine, docker, points } = await running(t, { rules: '[{"regexp":"web|db","into":"one"}]' });
  await until(() => docker.status().events.isConnected && docker.status().skipped['same-name'] !== undefined);
  const [owner, leftOut] = engine.containers().filter(({ state }) => state === 'running');
  engine.crash(leftOut?.name ?? '', 3);
  await until(() => docker.status().events.exits === 1);
  engine.crash(owner?.name ?? '', 4);
  await until(() => points.some(({ annotation }) => annotation?.description.endsWith('with code 4') === true));
  t.deepEqual(
    points
      .filter(({ metric, value }) => metric === 'one.exits' && value !== '0')
      .map(({ annotation }) => annotation?.description),
    ['container one exited with code 4'],
  );
});

test.serial('an engine that goes away and comes back costs one line each, and no event', async (t) => {
  const { engine, docker, log, last, points } = await running(t);
  await until(() => docker.status().events.isConnected && last('web.exits') !== undefined);
  await engine.halt();
  await until(() => docker.status().polls.failed >= 2);
  t.regex(docker.status().lastError ?? '', /no engine listens at|there is no engine at|closed the connection/);
  t.is(typeof docker.status().failingSinceMs, 'number');
  engine.kill('db');
  await engine.resume();
  const before = points.length;
  await until(() => docker.status().lastError === undefined && points.length > before);
  await until(() => last('db.exits')?.value === '1');
  t.deepEqual(
    log.lines().map(({ msg }) => msg),
    [
      'the Docker engine answers',
      'the Docker engine does not answer; no container is sampled',
      'the Docker engine answers',
    ],
  );
});

test.serial('an engine that is replaced between two polls is spoken to in its own version', async (t) => {
  const { engine, docker, open, log } = await running(t, {
    pollMs: 1000,
    engine: { version: '20.10.24', apiVersion: '1.41', minApiVersion: '1.12' },
  });
  await until(() => docker.status().events.isConnected && docker.status().polls.completed > 0);
  await engine.close();
  const newer = await open({ version: '29.0.1', apiVersion: '1.52', minApiVersion: '1.44' });
  t.teardown(newer.close);
  await until(() => docker.status().engine?.apiVersion === '1.52' && docker.status().lastError === undefined);
  const { completed } = docker.status().polls;
  await until(() => docker.status().polls.completed > completed);
  const lines = log.lines().filter(({ msg }) => msg === 'the Docker engine answers');
  t.deepEqual(
    lines.map(({ version }) => version),
    ['20.10.24', '29.0.1'],
  );
});

test.serial('starts without an engine, and polls once there is one', async (t) => {
  const { docker, open, last, log } = await running(t, { isStarted: false });
  await until(() => docker.status().polls.failed >= 1);
  t.is(docker.status().engine, undefined);
  const engine = await open();
  t.teardown(engine.close);
  await until(() => last('web.cpu.total') !== undefined);
  t.is(log.lines()[0]?.['msg'], 'the Docker engine does not answer; no container is sampled');
});

test.serial('a proxy that refuses /info, /version and /events costs the events alone', async (t) => {
  const refused = { status: 403, body: '<html>Forbidden</html>' };
  const { docker, last, log, engine } = await running(t, {
    engine: { fault: (path) => (/^\/(info|version|events)/.test(path) ? refused : undefined) },
  });
  await until(() => docker.status().events.lastError !== undefined && docker.status().polls.completed >= 2);
  t.true(last('web.cpu.total') !== undefined);
  t.is(last('web.exits'), undefined, 'nobody knows');
  t.is(last('this-machine.containers.total')?.value, '2');
  t.is(docker.status().engine?.cgroupVersion, 2, 'by the samples');
  t.true(log.lines().some(({ msg }) => String(msg).startsWith('the Docker engine tells no events')));
  const inspections = engine.calls.filter(({ path }) => /\/containers\/\w{64}\/json$/.test(path)).length;
  t.true(inspections > 2, 'without events the details are read at each poll');
});

test.serial('with events the details of a container are read once, and again after its restart', async (t) => {
  const { docker, engine, last } = await running(t);
  await until(() => docker.status().events.isConnected);
  const completed = docker.status().polls.completed;
  await until(() => docker.status().polls.completed > completed + 1);
  const id = engine.containers().find(({ name }) => name === 'web')?.id ?? '';
  const inspections = (): number => engine.calls.filter(({ path }) => path.endsWith(`/containers/${id}/json`)).length;
  const before = inspections();
  await until(() => docker.status().polls.completed > completed + 5);
  t.is(inspections(), before);
  engine.restart('web');
  await until(() => inspections() > before && last('web.restarts')?.value === '1');
  t.pass();
});

test.serial('one broken container of each kind costs no other', async (t) => {
  const faults = [
    'hang',
    'reset',
    'cut',
    { status: 500, body: '{"message":"broken"}' },
    { status: 200, body: '{' },
  ] as const;
  const specs = [...faults.map((_, at) => ({ name: `bad-${at}` })), { name: 'good' }];
  const names = new Map<string, string>();
  const { docker, engine, last } = await running(t, {
    engine: {
      containers: specs,
      fault(path) {
        const [, id = ''] = /^\/containers\/(\w+)\/stats/.exec(path) ?? [];
        const at = Number(names.get(id)?.replace('bad-', '') ?? NaN);
        return faults[at];
      },
    },
  });
  for (const { id, name } of engine.containers()) names.set(id, name);
  await until(() => isDeepStrictEqual(docker.status().lastPoll?.skipped, { 'engine-error': 4, slow: 1 }));
  t.true(last('good.cpu.total') !== undefined);
});

test.serial('what is in flight ends with the signal, and events that came are delivered', async (t) => {
  const { docker, engine, last, end } = await running(t, { engine: { delayMs: 60_000 }, pollMs: 60_000 });
  await until(() => docker.status().events.isConnected && engine.openCalls() >= 3);
  engine.kill('web');
  await until(() => docker.status().events.exits === 1);
  await end();
  t.is(last('web.exits')?.value, '1');
  await until(() => engine.openCalls() === 0);
  t.is(engine.eventReaders(), 0);
});

test.serial('an error of this program is not told as one of the engine', async (t) => {
  const { docker, log } = await running(t, { labelTags: undefined as unknown as [], naming: 'tags' });
  await until(() => docker.status().polls.failed >= 2);
  t.is(docker.status().lastError, undefined);
  const messages = log.lines().map(({ msg }) => msg);
  t.deepEqual(
    messages.filter((message) => String(message).includes('fail')),
    ['polls of the Docker engine fail'],
  );
  t.false(messages.includes('the Docker engine does not answer; no container is sampled'));
});

for (const [setting, value, words] of [
  ['rules', '{"regexp":"x"}', /expected a JSON array/],
  ['rules', '[{"regexp":"("}]', /RE2/],
  ['include', ['color=red'], /color=red/],
  ['url', 'ssh://host', /expected unix/],
] as const) {
  test.serial(`opening fails for ${setting} ${String(value)}`, (t) => {
    const options = { ...settings, url: 'unix:///x', deliver: async () => 'stored' as const, log: readLog().log };
    t.throws(() => openDocker({ ...options, clock: systemClock(), [setting]: value }), { message: words });
  });
}
