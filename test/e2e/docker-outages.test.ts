// The built bridge beside a real Docker Engine whose containers die and restart, and which is stopped and started itself.

import type { ExecutionContext } from 'ava';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type DockerEngine, dockerEngine, eventually, stoppedDockerEngine } from './docker-engine.ts';
import { figuresOf, type Reading, readingsOf } from './docker-readings.ts';
import { dockerTest } from './docker-test.ts';
import { type Bridge, bridge } from './program.ts';
import { type VictoriaMetrics, victoriaMetrics } from './victoria-metrics.ts';

const sleeps = 'exec /bin/busybox sleep 100000';
const isolated = ['--network', 'none'];

async function polling(t: ExecutionContext, engine: DockerEngine): Promise<{ one: Bridge; victoria: VictoriaMetrics }> {
  const victoria = await victoriaMetrics(t);
  const options = ['--no-catchpoint', '--resolution', 'ms', '--state-dir', await temporaryDirectory(t)];
  const docker = ['--docker', engine.url, '--docker-poll', '1s'];
  const one = await bridge(t, [...options, ...docker, '-t', '127.0.0.1', '-p', String(victoria.httpPutPort)]);
  return { one, victoria };
}

/** Returns the last value of a figure of a container. */
async function last(victoria: VictoriaMetrics, container: string, figure: string): Promise<number | undefined> {
  return figuresOf(await readingsOf(victoria), container, 'tags')
    .get(figure)
    ?.at(-1)?.value;
}

async function untilLast(victoria: VictoriaMetrics, container: string, figure: string, value: number): Promise<void> {
  await eventually(
    `${figure} of ${container} is ${value}`,
    async () => (await last(victoria, container, figure)) === value,
  );
}

/** Resolves once a container has figures of a later time. */
async function untilSampled(victoria: VictoriaMetrics, container: string, afterMs: number): Promise<void> {
  await eventually(`figures of ${container}`, async () => {
    const readings = figuresOf(await readingsOf(victoria), container, 'tags').get('cpu.total');
    return (readings?.at(-1)?.atMs ?? 0) > afterMs;
  });
}

/** How often the engine says that this happened to a container. */
async function timesOf(engine: DockerEngine, container: string, action: string): Promise<number> {
  const filters = ['--filter', `container=${container}`, '--filter', `event=${action}`];
  const until = (Date.now() / 1000).toFixed(3);
  const lines = await engine.docker('events', '--since', '1', '--until', until, ...filters, '--format', '{{.ID}}');
  return lines.split('\n').filter(Boolean).length;
}

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

/** Warnings, and what the bridge says of the engine. */
function saidOfEngine({ printed }: Bridge): string[] {
  const lines = printed.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  return lines.map(({ msg }) => msg).filter((msg) => msg.includes('Docker engine'));
}

const isAway = 'the Docker engine does not answer; no container is sampled';
const answers = 'the Docker engine answers';

dockerTest('containers that are killed, restart and run out of memory are counted as the engine says', async (t) => {
  const engine = await dockerEngine(t);
  await engine.run('steady', sleeps, ...isolated);
  await engine.run('victim', sleeps, ...isolated);
  const { one, victoria } = await polling(t, engine);
  await Promise.all(['steady', 'victim'].map((name) => untilSampled(victoria, name, 0)));

  await engine.docker('kill', 'victim');
  await engine.run('newcomer', sleeps, ...isolated);
  await engine.run('loop', 'exit 1', ...isolated, '--restart', 'always');
  // The engine misses a kill before it watches the container, and one of a container that is gone with it.
  const hungry = '/bin/busybox sleep 2; /bin/busybox tail /dev/zero; /bin/busybox sleep 2; exit 1';
  await engine.run('hungry', hungry, ...isolated, '-m', '8m');
  await untilLast(victoria, 'victim', 'exits', 1);
  await eventually('the engine tells the OOM kill', async () => (await timesOf(engine, 'hungry', 'oom')) === 1);
  await untilLast(victoria, 'hungry', 'oom_kills', 1);
  await untilLast(victoria, 'hungry', 'exits', 1);
  await eventually('it restarts again and again', async () => ((await last(victoria, 'loop', 'restarts')) ?? 0) >= 3);
  await engine.docker('stop', '--time', '0', 'loop');
  const [exits, starts] = [await timesOf(engine, 'loop', 'die'), await timesOf(engine, 'loop', 'start')];
  t.true(exits >= 3 && starts >= 4, `${exits} exits, ${starts} starts`);
  await untilLast(victoria, 'loop', 'exits', exits);
  await untilLast(victoria, 'loop', 'restarts', starts - 1);
  await untilSampled(victoria, 'newcomer', 0);
  await untilSampled(victoria, 'steady', Date.now());

  const metrics = await (await fetch(`${one.adminUrl}/metrics`)).text();
  for (const [event, count] of Object.entries({ exit: exits + 2, oom_kill: 1, restart: starts - 1 }))
    t.regex(metrics, new RegExp(`docker_events_total\\{event="${event}"\\} ${count}\n`));
  const readings = await readingsOf(victoria);
  t.is(figuresOf(readings, 'steady', 'tags').get('exits')?.at(-1)?.value, 0);
  assertNoGap(t, readings, 'steady', 10_000);
  t.deepEqual(saidOfEngine(one), [answers]);
  t.is(await one.stop(), 0);
});

/** Samples are a poll apart, or a few on a busy machine; they never fall. */
function assertNoGap(t: ExecutionContext, readings: readonly Reading[], container: string, mostMs: number): void {
  const totals = figuresOf(readings, container, 'tags').get('cpu.total') ?? [];
  t.true(totals.length > 3);
  totals.slice(1).forEach(({ atMs, value }, index) => {
    const before = totals[index] as Reading;
    t.true(atMs - before.atMs < mostMs, `${container}: ${atMs - before.atMs} ms between two samples`);
    t.true(value >= before.value, `${container}: cpu.total fell from ${before.value} to ${value}`);
  });
}

dockerTest('an engine that is stopped and started again is polled again, after one line in the log', async (t) => {
  const engine = await dockerEngine(t);
  await engine.run('steady', sleeps, ...isolated);
  await engine.run('victim', sleeps, ...isolated);
  const { one, victoria } = await polling(t, engine);
  await Promise.all(['steady', 'victim'].map((name) => untilSampled(victoria, name, 0)));
  await engine.docker('restart', '--time', '0', 'victim');
  await untilLast(victoria, 'victim', 'restarts', 1);

  await engine.stop();
  await eventually('the bridge says that the engine is away', () => saidOfEngine(one).includes(isAway));
  await eventually('two polls have failed', async () => (await failedPolls(one)) >= 2);
  await engine.start();
  const startedAgainMs = Date.now();
  await Promise.all(['steady', 'victim'].map((name) => untilSampled(victoria, name, startedAgainMs)));
  await engine.docker('kill', 'victim');
  await untilLast(victoria, 'victim', 'exits', 2);

  t.deepEqual(saidOfEngine(one), [answers, isAway, answers]);
  const figures = figuresOf(await readingsOf(victoria), 'steady', 'tags');
  for (const name of ['cpu.total', 'uptime', 'memory.max_usage']) {
    const values = figures.get(name)?.map(({ value }) => value) ?? [];
    t.deepEqual(
      values,
      values.toSorted((a, b) => a - b),
      `${name} goes on`,
    );
  }
  t.is(await last(victoria, 'victim', 'restarts'), 1);
  t.is(await one.stop(), 0);
});

async function failedPolls({ adminUrl }: Bridge): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/docker_polls_total\{outcome="failed"\} (\d+)/.exec(metrics)?.[1]);
}

dockerTest('a bridge that starts without an engine warns, and polls the engine once it is there', async (t) => {
  const engine = await stoppedDockerEngine(t);
  const { one, victoria } = await polling(t, engine);
  await eventually('the bridge says that the engine is away', () => saidOfEngine(one).length > 0);
  await eventually('two polls have failed', async () => (await failedPolls(one)) >= 2);
  await engine.start();
  await engine.run('late', sleeps, ...isolated);
  await untilSampled(victoria, 'late', 0);
  t.deepEqual(saidOfEngine(one), [isAway, answers]);
  t.is(await one.stop(), 0);
});
