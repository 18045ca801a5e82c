// The recipe of docker-stats in containers: its flags and variables exist, and the proxy lets the engine's client read and nothing else.

import test from 'ava';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { statsOptions } from '../../src/cli/docker-stats/options.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { demoContainers } from '../../src/simulator/docker/demo-containers.ts';
import { openSimulatedEngine } from '../../src/simulator/docker/simulated-engine.ts';
import { seeded } from '../../src/simulator/seeded.ts';
import { engineAddress } from '../../src/sources/docker/engine/address.ts';
import { openEngine } from '../../src/sources/docker/engine/open-engine.ts';
import { until } from '../fakes/until.ts';

const folder = new URL('../../../contrib/container/', import.meta.url).pathname;
const text = readFileSync(join(folder, 'docker-stats.compose.yaml'), 'utf8');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
  readonly group_add?: readonly string[];
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly ports?: readonly string[];
  readonly privileged?: boolean;
}

interface Compose {
  readonly services: Readonly<Record<'engine' | 'docker-stats', Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, object>>;
}

const compose = parse(text) as Compose;
const { engine, 'docker-stats': stats } = compose.services;

test('every flag and variable of docker-stats exists', (t) => {
  const [command, ...flags] = stats.command ?? [];
  t.is(command, 'docker-stats');
  const known = statsOptions.map(({ name }) => `--${name}`);
  t.true(flags.length >= 4);
  t.deepEqual(
    flags.map((flag) => flag.split('=')[0] ?? '').filter((flag) => !known.includes(flag)),
    [],
  );
  const variables = statsOptions.map(({ variable }) => variable);
  t.deepEqual(
    Object.keys(stats.environment ?? {}).filter((variable) => !variables.includes(variable)),
    [],
  );
});

test('the state is in the volume of the image, where its health check looks', (t) => {
  const image = readFileSync(join(folder, 'Containerfile'), 'utf8');
  const [, volume = ''] = /^VOLUME (.*)$/m.exec(image) ?? [];
  t.true(stats.command?.includes(`--state-dir=${volume}`));
  t.deepEqual(stats.volumes, [`state:${volume}`]);
  t.deepEqual(Object.keys(compose.volumes), ['state']);
});

test('only the proxy has the socket and its group, and only docker-stats reaches the proxy', (t) => {
  t.true(engine.volumes.some((volume) => volume.startsWith('/var/run/docker.sock:')));
  t.is(engine.group_add?.length, 1);
  t.false(stats.volumes.some((volume) => volume.includes('docker.sock')));
  t.is(stats.group_add, undefined);
  t.deepEqual(engine.networks, ['engine']);
  t.true(compose.networks['engine']?.internal);
  for (const service of [engine, stats]) {
    t.like(service, { read_only: true, cap_drop: ['ALL'], ports: undefined, privileged: undefined });
  }
});

test('the files that are mounted exist', (t) => {
  const files = engine.volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0] ?? '');
  t.is(files.length, 1);
  for (const file of files) t.true(existsSync(join(folder, file)), file);
});

test('variables without a default stop compose with a message', (t) => {
  const names = [...text.replaceAll(/^ *#.*$/gm, '').matchAll(/\$\{(\w+)(.?.?)/g)];
  t.true(names.length >= 5);
  for (const [, name = '', operator] of names) t.true([':?', ':-'].includes(operator ?? ''), name);
});

const proxy = readFileSync(join(folder, 'docker-read-only.haproxy.cfg'), 'utf8');
const acl = (name: string): string => new RegExp(`^  acl ${name} (.*)$`, 'm').exec(proxy)?.[1] ?? '';
const pathsOf = (name: string): RegExp => new RegExp(acl(name).replace(/^path -m reg /, ''));
/** As the only rule of the proxy denies: unless is-read is-engine or is-read is-container. */
const lets = (method: string, path: string): boolean =>
  acl('is-read').replace('method ', '').split(' ').includes(method) &&
  ['is-engine', 'is-container'].some((name) => pathsOf(name).test(path));

test('the proxy denies everything but reading engine and containers', (t) => {
  const rules = [...proxy.matchAll(/^ {2}http-request (.*)$/gm)].map(([, rule]) => rule);
  t.deepEqual(rules, ['deny unless is-read is-engine or is-read is-container']);
  const id = 'f'.repeat(64);
  for (const [method, path] of [
    ['POST', '/containers/create'],
    ['POST', `/v1.41/containers/${id}/exec`],
    ['DELETE', `/v1.41/containers/${id}`],
    ['POST', '/v1.41/containers/json'],
    ['GET', `/v1.41/containers/${id}/archive`],
    ['GET', `/v1.41/containers/${id}/logs`],
    ['GET', `/v1.41/containers/${id}/export`],
    ['GET', `/v1.41/containers/${id}/json/../../../images/json`],
    ['GET', '/v1.41/secrets'],
    ['GET', '/v1.41/containers/json/x'],
    ['GET', '/x/_ping'],
  ] as const) {
    t.false(lets(method, path), `${method} ${path}`);
  }
});

test('the proxy lets through every request of the engine client, with the oldest and the newest API', async (t) => {
  for (const [minApiVersion, apiVersion] of [
    ['1.12', '1.17'],
    ['1.40', '1.52'],
  ] as const) {
    const clock = systemClock();
    const simulated = await openSimulatedEngine({
      clock,
      random: seeded(1),
      containers: demoContainers(),
      minApiVersion,
      apiVersion,
    });
    t.teardown(simulated.close);
    const address = engineAddress({ url: simulated.url, isTls: false, certDirectory: undefined }, () => false);
    const engine = openEngine({ address, clock, requestTimeoutMs: 32_000, concurrency: 2 });
    const { signal } = new AbortController();
    await engine.connect(signal);
    const [first] = await engine.containers(signal);
    await engine.details(first?.id ?? '', signal);
    await engine.stats(first?.id ?? '', signal);
    const events = engine.events(undefined, signal, () => {})[Symbol.asyncIterator]();
    const next = events.next();
    await until(() => simulated.eventReaders() > 0);
    simulated.kill(first?.name ?? '');
    await next;
    await events.return?.();
    engine.close();
    const asked = simulated.calls.map(({ method, path }) => [method, path.split('?')[0] ?? ''] as const);
    t.true(asked.length >= 6);
    t.deepEqual(
      asked.filter(([method, path]) => !lets(method, path)),
      [],
    );
  }
});
