// The simulated engine: what it refuses, its shapes beside recordings of a real one, and how its containers live.

import test, { type ExecutionContext } from 'ava';
import { isLosslessNumber, parse } from 'lossless-json';
import { existsSync, readFileSync } from 'node:fs';
import { request as requestOf } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { demoContainers } from '../../../src/simulator/docker/demo-containers.ts';
import {
  openSimulatedEngine,
  type SimulatedEngine,
  type SimulatedEngineOptions,
} from '../../../src/simulator/docker/simulated-engine.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { movableClock, type MovableClock } from '../../fakes/time.ts';
import { until } from '../../fakes/until.ts';

interface Reply {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

async function opened(
  t: ExecutionContext,
  options: Partial<SimulatedEngineOptions> = {},
): Promise<{ readonly docker: SimulatedEngine; readonly clock: MovableClock }> {
  const clock = movableClock();
  const docker = await openSimulatedEngine({ clock, random: seeded(1), containers: 1, ...options });
  t.teardown(() => docker.close());
  return { docker, clock };
}

function get(docker: SimulatedEngine, path: string, method = 'GET'): Promise<Reply> {
  const socket = docker.url.startsWith('unix://') ? docker.url.slice('unix://'.length) : undefined;
  const options = { method, agent: false, ...(socket === undefined ? {} : { socketPath: socket }) };
  return new Promise((resolve, reject) => {
    requestOf(`${socket === undefined ? docker.url : 'http://localhost'}${path}`, options, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body }),
        reject,
      );
    })
      .on('error', reject)
      .end();
  });
}

function recording(name: string): string {
  return readFileSync(new URL(`../../../../test/golden/docker/${name}`, import.meta.url), 'utf8');
}

/** The events until now. */
async function eventLines(docker: SimulatedEngine, clock: MovableClock): Promise<string[]> {
  await clock.advance(1000);
  const { body } = await get(docker, `/v1.41/events?since=1&until=${clock.now() / 1000}`);
  return body.trim().split('\n');
}

async function sample(docker: SimulatedEngine, name = 'container-1'): Promise<unknown> {
  return parse((await get(docker, `/containers/${name}/stats?stream=false&one-shot=1`)).body);
}

/** A number of a sample. */
function at(value: unknown, ...path: readonly string[]): bigint {
  const found = path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
  if (!isLosslessNumber(found)) throw new Error(`${path.join('.')}: no number`);
  return BigInt(found.value);
}

/** The names and kinds of all members, in order. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return 'array';
  if (isLosslessNumber(value)) return 'number';
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.entries(value).map(([name, member]) => [name, shape(member)]);
}

for (const [title, options, path, method, reply] of [
  [
    'a version that is too old',
    {},
    '/v1.39/containers/json',
    'GET',
    [
      400,
      'application/json',
      '{"message":"client version 1.39 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version"}\n',
    ],
  ],
  [
    'a version from before JSON errors',
    {},
    '/v1.17/containers/json',
    'GET',
    [
      400,
      'text/plain; charset=utf-8',
      'client version 1.17 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version\n',
    ],
  ],
  [
    'a version that is too new',
    { apiVersion: '1.41' },
    '/v1.99/version',
    'GET',
    [400, 'application/json', `${recording('error-version.json').trim()}\n`],
  ],
  [
    'an unknown container',
    {},
    '/v1.41/containers/nope/json',
    'GET',
    [404, 'application/json', `${recording('error-404.json').trim()}\n`],
  ],
  [
    'samples of an unknown container',
    {},
    '/v1.41/containers/nope/stats',
    'GET',
    [404, 'application/json', `${recording('error-404.json').trim()}\n`],
  ],
  ['an unknown path', {}, '/v1.41/nope', 'GET', [404, 'application/json', '{"message":"page not found"}\n']],
  ['another method', {}, '/v1.41/containers/json', 'POST', [404, 'application/json', '{"message":"page not found"}\n']],
  [
    'a one-shot of a stream',
    {},
    '/v1.41/containers/container-1/stats?one-shot=1',
    'GET',
    [400, 'application/json', '{"message":"cannot have stream=true and one-shot=true"}\n'],
  ],
  [
    'events since a time that is none',
    {},
    '/v1.41/events?since=abc',
    'GET',
    [400, 'application/json', '{"message":"strconv.ParseInt: parsing \\"abc\\": invalid syntax"}\n'],
  ],
  [
    'events with a filter that is none',
    {},
    '/v1.41/events?filters=zz',
    'GET',
    [400, 'application/json', '{"message":"invalid character \'z\' looking for beginning of value"}\n'],
  ],
] as const) {
  test(`the engine refuses ${title}`, async (t) => {
    const { docker } = await opened(t, options);
    const { status, type, body } = await get(docker, path, method);
    t.deepEqual([status, type, body], [...reply]);
  });
}

test('a request without a version counts as of the newest', async (t) => {
  const { docker } = await opened(t, { apiVersion: '1.41' });
  t.is((await get(docker, '/version')).status, 200);
  t.true(
    'name' in (JSON.parse((await get(docker, '/containers/container-1/stats?stream=0&one-shot=1')).body) as object),
  );
});

test('the samples of cgroup v1 have the shape of a real one', async (t) => {
  const containers = [{ name: 'worker-7', interfaces: [], cpus: 0.2 }];
  const { docker, clock } = await opened(t, { apiVersion: '1.41', cgroupVersion: 1, containers });
  const oneShot = await get(docker, '/v1.41/containers/worker-7/stats?stream=false&one-shot=true');
  t.deepEqual(shape(parse(oneShot.body)), shape(parse(recording('stats-oneshot-worker-7.json'))));
  const full = await untilSettled(clock, get(docker, '/v1.41/containers/worker-7/stats?stream=false'));
  t.deepEqual(shape(parse(full.body)), shape(parse(recording('stats-worker-7.json'))));
});

test('the samples of a stopped container are those of a real one', async (t) => {
  const { docker } = await opened(t, {
    apiVersion: '1.41',
    cgroupVersion: 1,
    containers: [{ name: 'stopped', state: 'exited' }],
  });
  const real = JSON.parse(recording('stats-stopped.json')) as object;
  const reply = await get(docker, '/v1.41/containers/stopped/stats?stream=false');
  t.is(reply.body, `${JSON.stringify({ ...real, id: docker.containers()[0]?.id })}\n`);
});

test('before API 1.21 a sample has the sum of the interfaces, and no name', async (t) => {
  const containers = [{ name: 'a', interfaces: ['eth0', 'eth1'] }];
  const options = { apiVersion: '1.41', minApiVersion: '1.12', cgroupVersion: 1 as const, containers };
  const { docker, clock } = await opened(t, options);
  await clock.advance(60_000);
  const path = '/containers/a/stats?stream=false';
  const old = parse((await untilSettled(clock, get(docker, `/v1.20${path}`))).body);
  const young = parse((await get(docker, `/v1.41${path}&one-shot=1`)).body);
  const sum = at(young, 'networks', 'eth0', 'rx_bytes') + at(young, 'networks', 'eth1', 'rx_bytes');
  t.is(at(old, 'network', 'rx_bytes'), sum);
  t.true(sum > 0n);
  const real = shape(parse(recording('stats-v1.17-worker-7.json'))) as unknown[];
  t.deepEqual(
    (shape(old) as [string][]).map(([name]) => name),
    (real as [string][]).map(([name]) => name),
  );
});

test('the samples of cgroup v2 lack what it does not measure', async (t) => {
  const { docker } = await opened(t, { cgroupVersion: 2 });
  const { body } = await get(docker, '/v1.52/containers/container-1/stats?stream=0&one-shot=1');
  t.notRegex(body, /percpu_usage|max_usage|total_cache|"cache"|"Read"/);
  t.regex(body, /"inactive_file":\d+/);
  t.regex(body, /"op":"read","value":\d+/);
  t.regex(body, /^\{"name":"\/container-1","id":"[0-9a-f]{64}","os_type":"linux","read":/);
});

test('a listing has the members of a real one', async (t) => {
  const containers = [{ name: 'stopped', state: 'exited' as const }];
  const { docker } = await opened(t, { apiVersion: '1.41', containers });
  const keys = (body: string): string[] => Object.keys((JSON.parse(body) as object[])[0] as object);
  t.deepEqual(
    keys((await get(docker, '/v1.41/containers/json?all=1')).body),
    keys(recording('containers-json-all.json')),
  );
  t.is((await get(docker, '/v1.41/containers/json')).body, '[]\n');
});

test('the details have the state of a real container', async (t) => {
  const { docker } = await opened(t, { containers: [{ name: 'stopped', state: 'exited' }] });
  const state = (body: string): unknown => shape((parse(body) as { State: unknown }).State);
  t.deepEqual(state((await get(docker, '/containers/stopped/json')).body), state(recording('inspect-stopped.json')));
});

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
  const lines: string[] = [];
  const request = requestOf(`${docker.url}/containers/container-1/stats`, (response) => {
    createInterface(response).on('line', (line) => lines.push(line));
  }).end();
  request.on('error', () => {});
  t.teardown(() => request.destroy());
  for (let second = 0; second < 3; second += 1) {
    await until(() => lines.length > second && clock.sleepers() === 1);
    await clock.advance(1000);
  }
  const times = lines.slice(0, 3).map((line) => {
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

interface RecordedEvent {
  readonly Action: string;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

test('an event has the shape of a real one', async (t) => {
  const { docker, clock } = await opened(t, { containers: [] });
  docker.add({ name: 'a', labels: { 'com.docker.compose.project': 'p', 'com.docker.compose.service': 's' } });
  const [created = ''] = await eventLines(docker, clock);
  const [real = ''] = recording('events.ndjson').split('\n');
  t.deepEqual(shape(parse(created)), shape(parse(real)));
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
