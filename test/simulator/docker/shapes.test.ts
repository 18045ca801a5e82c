// The answers of the simulated engine beside recordings of a real one.

import test from 'ava';
import { parse } from 'lossless-json';
import { untilSettled } from '../../fakes/passing-time.ts';
import { at, eventLines, get, opened, recording, shape } from './opened.ts';

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

test('an event has the shape of a real one', async (t) => {
  const { docker, clock } = await opened(t, { containers: [] });
  docker.add({ name: 'a', labels: { 'com.docker.compose.project': 'p', 'com.docker.compose.service': 's' } });
  const [created = ''] = await eventLines(docker, clock);
  const [real = ''] = recording('events.ndjson').split('\n');
  t.deepEqual(shape(parse(created)), shape(parse(real)));
});
