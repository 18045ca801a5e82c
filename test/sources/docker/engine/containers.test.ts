// Containers and their details and samples, as engines of all versions answer.

import test from 'ava';
import { isLosslessNumber } from 'lossless-json';
import type { Fault } from '../../../../src/simulator/docker/faults.ts';
import { readLog } from '../../../fakes/log.ts';
import { untilSettled } from '../../../fakes/passing-time.ts';
import { until } from '../../../fakes/until.ts';
import { client, connected, engineOf, lasting, messageFrom, recorded, served } from './opened.ts';

function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}

function numberAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = member(value, ...path);
  return isLosslessNumber(found) ? found.value : undefined;
}

test('the recorded listing of Docker 20.10 is understood', async (t) => {
  const body = recorded('containers-json-all.json');
  const { engine } = await connected(t, {
    fault: (path) => (path === '/containers/json' ? { status: 200, body } : undefined),
  });
  t.deepEqual(
    (await engine.containers(lasting)).map(({ id, ...rest }) => ({ ...rest, id: id.slice(0, 4) })),
    [
      { id: '7d9b', name: 'stopped', image: 'bb:1', labels: {}, state: 'exited', isRunning: false },
      { id: 'f43d', name: 'worker-7', image: 'bb:1', labels: {}, state: 'running', isRunning: true },
      {
        id: '39dd',
        name: 'my.container.name.service',
        image: 'bb:1',
        labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
        state: 'running',
        isRunning: true,
      },
    ],
  );
});

test('every container is listed, and those that the engine measures count as running', async (t) => {
  const { engine, docker } = await connected(t, {
    containers: [
      { name: 'runs' },
      { name: 'paused', state: 'paused' },
      { name: 'created', state: 'created' },
      { name: 'exited', state: 'exited' },
      { name: 'restarts', hasRestartPolicy: true },
    ],
  });
  docker.crash('restarts', 3);
  const listed = await engine.containers(lasting);
  t.deepEqual(Object.fromEntries(listed.map(({ name, state, isRunning }) => [name, [state, isRunning]])), {
    runs: ['running', true],
    paused: ['paused', true],
    created: ['created', false],
    exited: ['exited', false],
    restarts: ['restarting', false],
  });
});

test('before API 1.23 the status tells whether a container runs', async (t) => {
  const containers = [
    { name: 'runs' },
    { name: 'paused', state: 'paused' as const },
    { name: 'exited', state: 'exited' as const },
    { name: 'restarts', hasRestartPolicy: true },
  ];
  const { engine, docker } = await connected(t, { containers, apiVersion: '1.22', minApiVersion: '1.12' });
  docker.crash('restarts');
  const listed = await engine.containers(lasting);
  t.deepEqual(Object.fromEntries(listed.map(({ name, state, isRunning }) => [name, [state, isRunning]])), {
    runs: ['', true],
    paused: ['', true],
    exited: ['', false],
    restarts: ['', false],
  });
});

test('a container that others link to has its own name', async (t) => {
  const { engine } = await connected(t, { containers: [{ name: 'db-1', links: ['web-1/db', 'web-2/db'] }] });
  t.deepEqual(
    (await engine.containers(lasting)).map(({ name }) => name),
    ['db-1'],
  );
});

test('a container without a name has its id, and labels that are no texts are left out', async (t) => {
  const listing: Fault = {
    status: 200,
    body: '[{"Id":"abc","Names":null,"Labels":{"a":1,"b":"c"},"State":"running"}]',
  };
  const { engine } = await connected(t, { fault: (path) => (path === '/containers/json' ? listing : undefined) });
  t.deepEqual(await engine.containers(lasting), [
    { id: 'abc', name: 'abc', image: '', labels: { b: 'c' }, state: 'running', isRunning: true },
  ]);
});

for (const [body, found] of [
  ['{"a":1}', 'expected an array, found an object with the members ["a"]'],
  ['null', 'expected an array, found null'],
  ['[{"Names":[]}]', 'expected containers with Id, found an object with the members ["Names"]'],
  ['[1', 'expected JSON, found [1'],
  ['', 'expected JSON, found nothing'],
] as const) {
  test(`a listing that is none is an error: ${body}`, async (t) => {
    const { engine } = await connected(t, {
      fault: (path) => (path === '/containers/json' ? { status: 200, body } : undefined),
    });
    t.is(await messageFrom(t, () => engine.containers(lasting)), `GET /v1.52/containers/json: ${found}`);
  });
}

test('details tell when a container started, and nothing of one that never did or that is gone', async (t) => {
  const { engine, docker } = await connected(t, {
    containers: [{ name: 'runs' }, { name: 'created', state: 'created' }],
  });
  t.deepEqual(await engine.details('runs', lasting), { startedAtMs: docker.clock.now() });
  t.deepEqual(await engine.details('created', lasting), { startedAtMs: undefined });
  t.is(await engine.details('nope', lasting), undefined);
});

test('the recorded details of Docker 20.10 are understood', async (t) => {
  const body = recorded('inspect-stopped.json');
  const { engine } = await connected(t, {
    fault: (path) => (path.endsWith('/x/json') ? { status: 200, body } : undefined),
  });
  t.deepEqual(await engine.details('x', lasting), { startedAtMs: Date.parse('2026-11-30T10:44:11.596Z') });
});

test('a time that is none is an error', async (t) => {
  const body = '{"State":{"StartedAt":"yesterday"}}';
  const { engine } = await connected(t, {
    fault: (path) => (path.endsWith('/x/json') ? { status: 200, body } : undefined),
  });
  const message = await messageFrom(t, () => engine.details('x', lasting));
  t.is(message, 'GET /v1.52/containers/x/json: StartedAt: expected a time, found "yesterday"');
});

test('from API 1.41 on a sample is a one-shot', async (t) => {
  const { engine, docker } = await connected(t, { apiVersion: '1.41' });
  t.is(member(await engine.stats('container-1', lasting), 'preread'), '0001-01-01T00:00:00Z');
  t.is(docker.calls.at(-1)?.path, '/v1.41/containers/container-1/stats?stream=false&one-shot=true');
});

test('before API 1.41 a sample has the one before in it', async (t) => {
  const { engine, docker } = await connected(t, { apiVersion: '1.40' });
  const sample = await untilSettled(docker.clock, engine.stats('container-1', lasting));
  t.is(member(sample, 'preread'), '2026-11-18T10:00:00Z');
  t.is(docker.calls.at(-1)?.path, '/v1.40/containers/container-1/stats?stream=false');
});

test('before API 1.19 the first sample of the stream is taken, and the connection closes', async (t) => {
  const { engine, docker } = await connected(t, { apiVersion: '1.17', minApiVersion: '1.0' });
  const sample = await untilSettled(docker.clock, engine.stats('container-1', lasting));
  t.truthy(numberAt(sample, 'network', 'rx_bytes'));
  t.is(member(sample, 'networks'), undefined);
  t.is(docker.calls.at(-1)?.path, '/v1.17/containers/container-1/stats');
  await until(() => docker.openCalls() === 0);
  t.is(await engine.stats('nope', lasting), undefined);
});

test('before API 1.19 the first document may come in pieces and without a line break', async (t) => {
  const text = '{"read":"2015-02-23T08:39:06Z","name":"{\\"}é","a":{"b":[{}]}}';
  const url = await served(
    t,
    engineOf('1.18', (_, response) => {
      for (const byte of Buffer.from(` \n${text}{"read":"later"}`)) response.write(Buffer.of(byte));
    }),
  );
  const { engine } = client(t, { url });
  await engine.connect(lasting);
  t.deepEqual(await engine.stats('x', lasting), JSON.parse(text));
});

test('before API 1.19 a silent container times out', async (t) => {
  const { engine, clock, docker } = await connected(t, {
    apiVersion: '1.18',
    minApiVersion: '1.0',
    fault: (path) => (path.endsWith('/stats') ? 'hang' : undefined),
  });
  const sample = messageFrom(t, () => engine.stats('container-1', lasting));
  await until(() => docker.openCalls() === 1);
  await clock.advance(32_000);
  t.is(await sample, 'GET /v1.18/containers/container-1/stats: no answer within 32 s');
  await until(() => docker.openCalls() === 0);
});

test('counters beyond 2^53 keep every digit', async (t) => {
  const { engine } = await connected(t);
  const sample = await engine.stats('container-1', lasting);
  t.is(numberAt(sample, 'cpu_stats', 'system_cpu_usage'), '66161895600000001');
  t.is(numberAt(sample, 'pids_stats', 'limit'), '18446744073709551615');
});

test('the last of duplicate keys counts', async (t) => {
  const body = '{"read":"a","cpu_stats":1,"cpu_stats":2}';
  const { engine } = await connected(t, {
    fault: (path) => (path.endsWith('/stats') ? { status: 200, body } : undefined),
  });
  t.is(numberAt(await engine.stats('x', lasting), 'cpu_stats'), '2');
});

for (const name of [
  'stats-worker-7.json',
  'stats-oneshot-worker-7.json',
  'stats-stopped.json',
  'stats-v1.17-worker-7.json',
]) {
  test(`a recorded sample loses nothing: ${name}`, async (t) => {
    const body = recorded(name);
    const { engine } = await connected(t, {
      fault: (path) => (path.endsWith('/stats') ? { status: 200, body } : undefined),
    });
    const sample = await engine.stats('x', lasting);
    const text = JSON.stringify(sample, (_, value: unknown) => (isLosslessNumber(value) ? `#${value.value}#` : value));
    t.is(text.replaceAll(/"#(-?[\d.]+)#"/g, '$1'), body.trim());
  });
}

for (const [title, fault] of [
  ['404', { status: 404, body: '{"message":"No such container: x"}' }],
  ['409', { status: 409, body: '{"message":"container is restarting"}' }],
  ['an empty 404, as Podman sends it', { status: 404, body: '' }],
  ['an empty 200, as Podman sends it for a stopped container', { status: 200, body: '\n' }],
] as const) {
  test(`a container is gone: ${title}`, async (t) => {
    const { engine } = await connected(t, { fault: (path) => (path.endsWith('/stats') ? fault : undefined) });
    t.is(await engine.stats('x', lasting), undefined);
  });
}

test('an error in an answer of status 200 is an error', async (t) => {
  const body = '{"cause":"x","message":"container state improper","response":500}';
  const { engine } = await connected(t, {
    fault: (path) => (path.endsWith('/stats') ? { status: 200, body } : undefined),
  });
  t.is(
    await messageFrom(t, () => engine.stats('x', lasting)),
    'GET /v1.52/containers/x/stats: container state improper',
  );
});

test('the log of answers has the state of a container, and nothing else of its description', async (t) => {
  const { log, lines } = readLog();
  const description = {
    State: { StartedAt: '2026-11-30T10:00:00Z' },
    Config: { Env: ['PASSWORD=hunter2'] },
    Args: ['hunter2'],
  };
  const answers = [
    JSON.stringify(description),
    JSON.stringify(description).slice(0, -1),
    '{"message":"No such container: c"}',
  ];
  const url = await served(
    t,
    engineOf('1.41', (_, response) => void response.end(answers.shift())),
  );
  const { engine } = client(t, { url, log });
  await engine.connect(lasting);
  await engine.details('c', lasting);
  for (let left = answers.length; left > 0; left -= 1) await messageFrom(t, () => engine.details('c', lasting));
  t.deepEqual(
    lines()
      .slice(-3)
      .map(({ answer }) => answer),
    [
      '{"State":{"StartedAt":"2026-11-30T10:00:00Z"}}',
      '102 characters that are no JSON',
      '{"message":"No such container: c"}',
    ],
  );
  t.notRegex(JSON.stringify(lines()), /hunter/);
});
