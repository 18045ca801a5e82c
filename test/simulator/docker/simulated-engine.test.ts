// How the containers of the simulated engine live, and how it goes away and comes back.

import test from 'ava';
import { existsSync } from 'node:fs';
import { request as requestOf } from 'node:http';
import { demoContainers } from '../../../src/simulator/docker/demo-containers.ts';
import { openSimulatedEngine } from '../../../src/simulator/docker/simulated-engine.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { movableClock } from '../../fakes/time.ts';
import { until } from '../../fakes/until.ts';
import { at, eventLines, get, opened, sample } from './opened.ts';

interface RecordedEvent {
  readonly Action: string;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

test('counters grow with the time and never fall, and the same seed gives the same ones', async (t) => {
  const [first, second] = [await opened(t, { random: seeded(7) }), await opened(t, { random: seeded(7) })];
  let before = await sample(first.docker);
  for (let minute = 1; minute <= 30; minute += 1) {
    await first.clock.advance(60_000);
    const after = await sample(first.docker);
    for (const path of [
      ['cpu_stats', 'cpu_usage', 'total_usage'],
      ['cpu_stats', 'cpu_usage', 'usage_in_kernelmode'],
      ['cpu_stats', 'system_cpu_usage'],
      ['networks', 'eth0', 'rx_bytes'],
      ['networks', 'eth0', 'tx_packets'],
    ]) {
      t.true(at(after, ...path) > at(before, ...path), `${path.join('.')} in minute ${minute}`);
    }
    t.true(at(after, 'memory_stats', 'usage') <= at(after, 'memory_stats', 'limit'));
    before = after;
  }
  await second.clock.advance(30 * 60_000);
  t.deepEqual(await sample(second.docker), before);
});

test('the CPU time of a container stays within that of the machine', async (t) => {
  const { docker, clock } = await opened(t);
  const before = await sample(docker);
  await clock.advance(60_000);
  const after = await sample(docker);
  const grown = (...path: string[]): bigint => at(after, ...path) - at(before, ...path);
  t.is(grown('cpu_stats', 'system_cpu_usage'), 4n * 60_000_000_000n);
  const used = grown('cpu_stats', 'cpu_usage', 'total_usage');
  t.true(used > 0n && used < 4n * 60_000_000_000n);
});

test('a stream begins with a sample that has none before it, and has another each second', async (t) => {
  const { docker, clock } = await opened(t);
  let body = '';
  const request = requestOf(`${docker.url}/containers/container-1/stats`, (response) => {
    response.on('error', () => {});
    response.on('data', (chunk: Buffer) => (body += chunk.toString()));
  }).end();
  request.on('error', () => {});
  t.teardown(() => request.destroy());
  const lines = (): string[] => body.split('\n').slice(0, -1);
  for (let second = 0; second < 3; second += 1) {
    await until(() => lines().length > second && clock.sleepers() === 1);
    if (second < 2) await clock.advance(1000);
  }
  const times = lines().map((line) => {
    const { read, preread } = JSON.parse(line) as { read: string; preread: string };
    return [preread, read];
  });
  t.deepEqual(times, [
    ['0001-01-01T00:00:00Z', '2026-11-18T10:00:00Z'],
    ['2026-11-18T10:00:00Z', '2026-11-18T10:00:01Z'],
    ['2026-11-18T10:00:01Z', '2026-11-18T10:00:02Z'],
  ]);
});

test('a paused container uses nothing, and a restarted one begins at 0', async (t) => {
  const { docker, clock } = await opened(t);
  const cpu = async (): Promise<bigint> => at(await sample(docker), 'cpu_stats', 'cpu_usage', 'total_usage');
  await clock.advance(60_000);
  const before = await cpu();
  docker.pause('container-1');
  await clock.advance(60_000);
  t.is(await cpu(), before);
  docker.unpause('container-1');
  await clock.advance(60_000);
  t.true((await cpu()) > before);
  docker.restart('container-1');
  t.is(await cpu(), 0n);
});

test('the events of each command are those of a real engine, in its order', async (t) => {
  const { docker, clock } = await opened(t, { containers: [{ name: 'a', hasRestartPolicy: true }] });
  docker.restart('a');
  docker.oom('a');
  await clock.advance(1000);
  docker.crash('a', 3);
  await clock.advance(1000);
  docker.rename('a', 'b');
  docker.stop('b');
  docker.start('b');
  docker.remove('b');
  docker.add({ name: 'c' });
  const events = (await eventLines(docker, clock)).map((line) => JSON.parse(line) as RecordedEvent);
  t.deepEqual(
    events.map(({ Action, Actor: { Attributes } }) =>
      [Action, Attributes['name'], Attributes['exitCode'] ?? Attributes['signal'] ?? Attributes['oldName']]
        .join(' ')
        .trim(),
    ),
    [
      'kill a 15',
      'die a 0',
      'stop a',
      'start a',
      'restart a',
      'oom a',
      'die a 137',
      'start a',
      'die a 3',
      'start a',
      'rename b /a',
      'kill b 15',
      'die b 0',
      'stop b',
      'start b',
      'kill b 9',
      'die b 137',
      'destroy b',
      'create c',
      'start c',
    ],
  );
});

test('the last 256 events are kept', async (t) => {
  const { docker, clock } = await opened(t);
  for (let count = 0; count < 200; count += 1) {
    docker.pause('container-1');
    docker.unpause('container-1');
  }
  t.is((await eventLines(docker, clock)).length, 256);
});

test('a halted engine breaks its connections and comes back at the same place, on a socket and on a port', async (t) => {
  for (const listen of [`${await temporaryDirectory(t)}/docker.sock`, 0]) {
    const { docker } = await opened(t, { listen });
    const { url } = docker;
    const stream = t.throwsAsync(get(docker, '/events'));
    await until(() => docker.eventReaders() === 1);
    await docker.halt();
    await stream;
    t.is(docker.eventReaders(), 0);
    t.false(typeof listen === 'string' && existsSync(listen));
    await t.throwsAsync(get(docker, '/_ping'));
    await docker.resume();
    t.is(docker.url, url);
    t.is((await get(docker, '/_ping')).body, 'OK');
  }
});

test('every request for statistics takes the delay', async (t) => {
  const { docker, clock } = await opened(t, { delayMs: 2000, containers: 50 });
  const replies = Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      get(docker, `/containers/container-${index + 1}/stats?stream=0&one-shot=1`),
    ),
  );
  await until(() => clock.sleepers() === 50);
  await clock.advance(2000);
  t.true((await replies).every(({ status }) => status === 200));
});

test('the demo has three projects, and two containers that fail and come back', async (t) => {
  const { docker, clock } = await opened(t, { containers: demoContainers() });
  const projects = docker.containers().map(({ spec }) => spec.labels?.['com.docker.compose.project']);
  t.deepEqual([projects.length, new Set(projects).size], [12, 3]);
  await clock.advance(60 * 60_000);
  const restarts = new Map(docker.containers().map(({ name, restartCount }) => [name, restartCount]));
  t.true((restarts.get('reports-scheduler-1') ?? 0) >= 5);
  t.is(restarts.get('reports-renderer-1'), 8);
  const others = [...restarts].filter(([name]) => !/scheduler|renderer/.test(name));
  t.true(others.every(([, count]) => count === 0));
});

test('a closed engine leaves no sleeper behind', async (t) => {
  const clock = movableClock();
  const docker = await openSimulatedEngine({ clock, random: seeded(1), containers: demoContainers() });
  t.true(clock.sleepers() > 0);
  await docker.close();
  t.is(clock.sleepers(), 0);
});
