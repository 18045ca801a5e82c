// `docker-stats` with the flags and variables of docker-stats-to-backstop, from a real Docker Engine to a bridge with Backstop.

import type { ExecutionContext } from 'ava';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type DockerEngine, dockerEngine, type EngineStats, eventually } from './docker-engine.ts';
import { dockerTest } from './docker-test.ts';
import { golden } from './golden.ts';
import { bridge, type Program, program } from './program.ts';

const sleeps = 'exec /bin/busybox sleep 100000';
/** The rule with which docker-stats-to-backstop made golden/docker/original-posted.json. */
const rules = JSON.stringify([{ regexp: '(.*)\\..*\\.(.*)\\..*', into: '$1.$2', category: 'svc' }]);
const password = 'p:w0rd';

interface Line {
  readonly name: string;
  readonly seconds: number;
  readonly value: number;
}

/** The complete lines of a file of points. */
async function linesOf(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter(Boolean).map((line) => {
    const [name = '', seconds, value] = line.split(' ');
    return { name, seconds: Number(seconds), value: Number(value) };
  });
}

/** The names that the original posted about the same containers; without what cgroup v2 does not count. */
async function originalNames(engine: DockerEngine): Promise<string[]> {
  const { memory_stats: memory } = await engine.get<EngineStats>(
    '/v1.41/containers/worker-7/stats?stream=false&one-shot=true',
  );
  const posted = JSON.parse(golden('docker/original-posted.json')) as { readonly metric: string }[];
  return posted
    .map(({ metric }) => metric)
    .filter((name) => memory.max_usage !== undefined || !name.endsWith('.memory.max_usage'));
}

/** Starts the containers of the recording. The engine lists the newest first. */
async function recordedContainers(t: ExecutionContext): Promise<DockerEngine> {
  const engine = await dockerEngine(t);
  const labels = ['-l', 'com.docker.compose.project=shop', '-l', 'com.docker.compose.service=web'];
  await engine.run('my.container.name.service', sleeps, '-m', '64m', ...labels);
  await engine.run('worker-7', sleeps, '--cpus', '0.2');
  await engine.run('stopped', 'exit 0');
  await eventually('it has stopped', async () => (await engine.docker('ps', '-qf', 'status=exited')) !== '');
  return engine;
}

dockerTest(
  'docker-stats sends what docker-stats-to-backstop sent, in its order, and nothing twice after a kill',
  async (t) => {
    const engine = await recordedContainers(t);
    const [receiverDir, stateDir] = [await temporaryDirectory(t), await temporaryDirectory(t)];
    const file = join(receiverDir, 'points');
    const receiver = await bridge(
      t,
      [
        '--no-catchpoint',
        '--backstop',
        '--backstop-listen',
        '127.0.0.1:0',
        '--backstop-prefixes',
        'docker',
        '--file',
        file,
        '--state-dir',
        receiverDir,
      ],
      { BACKSTOP_AUTH: `stats:${password}` },
    );
    const backstop = `${receiver.backstopUrl?.replace('://', `://stats:${password}@`)}/publish/docker`;
    const flags = ['docker-stats', `--docker=${engine.url}`, '-rules', rules, '-poll=2s', '--hostname', 'vm'];
    const own = ['--state-dir', stateDir, '--admin-listen', '127.0.0.1:0', '--log-format', 'json'];
    const start = (): Program => program(t, [...flags, ...own], { SRV_BACKSTOP: backstop });
    const expected = (await originalNames(engine)).map((name) => `docker.${name}`);

    const sender = start();
    await eventually('two polls have arrived', async () => (await linesOf(file)).length >= 2 * expected.length);
    const names = (await linesOf(file)).map(({ name }) => name);
    for (const poll of [0, 1]) t.deepEqual(names.slice(poll * expected.length, (poll + 1) * expected.length), expected);
    const values = new Map((await linesOf(file)).map(({ name, value }) => [name, value]));
    t.is(values.get('docker.my.name.memory.limit'), 2 ** 26);
    t.is(values.get('docker.vm.containers.total'), 2);
    t.is(values.get('docker.vm.containers.svc'), 1);

    sender.child.kill('SIGKILL');
    await sender.ended;
    const killedAt = (await linesOf(file)).length;
    const again = start();
    await eventually(
      'two more have arrived',
      async () => (await linesOf(file)).length >= killedAt + 2 * expected.length,
    );
    again.child.kill('SIGTERM');
    t.is(await again.ended, 0);
    const series = (await linesOf(file)).map(({ name, seconds }) => `${name} ${seconds}`);
    t.is(new Set(series).size, series.length, 'no point is there twice');
    t.deepEqual(
      [...sender.printed, ...again.printed].filter((line) => line.includes(password)),
      [],
    );
    t.is(await receiver.stop(), 0);
  },
);
