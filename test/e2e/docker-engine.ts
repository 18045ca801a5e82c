// A real Docker Engine from Debian's docker.io, in a world of its own, with an image of Debian's busybox-static.

import type { ExecutionContext } from 'ava';
import { execFile } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NoEngine } from './docker-switch.ts';
import { type Daemon, dockerWorld, type World } from './docker-world.ts';

const run = promisify(execFile);
const packages = 'docker.io, containerd, runc and busybox-static';
const busybox = '/bin/busybox';
const image = 'bb:1';
/** Of every wait. On a busy machine a start takes ten seconds. */
const patienceMs = 90_000;

/** An engine behind a socket, Docker's or another that speaks its API. */
export interface ContainerEngine {
  /** Such as unix:///tmp/bridge-engine-x1y2z3/engine.sock. */
  readonly url: string;
  /** Runs Docker's command line on it; resolves with what it prints. */
  docker(...args: readonly string[]): Promise<string>;
  /**
   * Runs a container in the background, and resolves with its id.
   *
   * @param options - of `docker run`
   * @param script - for busybox's shell
   */
  run(name: string, script: string, ...options: readonly string[]): Promise<string>;
  /** Asks its API, with a path such as /v1.41/info; resolves with the answer's JSON. */
  get<Answer>(path: string): Promise<Answer>;
}

export interface DockerEngine extends ContainerEngine {
  /** Stops the engine, and not its containers. */
  stop(): Promise<void>;
  /** Starts the engine, and resolves once it answers. */
  start(): Promise<void>;
}

/** What a test reads of the answer to /containers/ID/stats. */
export interface EngineStats {
  /** Such as 2026-11-30T10:44:19.830073777Z. */
  readonly read: string;
  readonly pids_stats: { readonly current?: number };
  readonly cpu_stats: {
    readonly cpu_usage: {
      readonly total_usage: number;
      readonly usage_in_kernelmode: number;
      readonly usage_in_usermode: number;
    };
    readonly system_cpu_usage: number;
    readonly online_cpus: number;
    readonly throttling_data: Readonly<Record<'periods' | 'throttled_periods' | 'throttled_time', number>>;
  };
  readonly memory_stats: {
    readonly usage: number;
    readonly limit: number;
    readonly max_usage?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly networks?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Makes a world with an engine that has not been started, and ends it after the test. */
export async function stoppedDockerEngine(t: Pick<ExecutionContext, 'teardown'>): Promise<DockerEngine> {
  const world = await orNoEngine('Docker Engine', packages, () => dockerWorld(t));
  const socket = join(world.directory, 'engine.sock');
  const engine = containerEngine(world, socket, []);
  // Without it the engine would read the configuration of the machine.
  await writeFile(join(world.directory, 'daemon.json'), '{}');
  let daemon: Daemon | undefined;
  let hasImage = false;
  return {
    ...engine,
    async stop() {
      await daemon?.kill('SIGTERM');
      await daemon?.ended;
      daemon = undefined;
    },
    async start() {
      daemon = world.start('dockerd', dockerdArguments(world, socket));
      const started = daemon;
      await orNoEngine('Docker Engine', packages, async () => {
        await untilAnswers(engine, started);
        if (!hasImage) await importImage(engine);
      });
      hasImage = true;
    },
  };
}

/** Starts an engine, and ends it after the test. */
export async function dockerEngine(t: Pick<ExecutionContext, 'teardown'>): Promise<DockerEngine> {
  const engine = await stoppedDockerEngine(t);
  await engine.start();
  return engine;
}

/** Storage without an overlay, a network without iptables, and containers that outlive the engine. */
function dockerdArguments({ directory, cgroup }: World, socket: string): string[] {
  const switches = {
    host: `unix://${socket}`,
    'config-file': join(directory, 'daemon.json'),
    'data-root': join(directory, 'data'),
    'exec-root': join(directory, 'exec'),
    pidfile: join(directory, 'pid'),
    iptables: 'false',
    ip6tables: 'false',
    'ip-forward': 'false',
    'userland-proxy': 'false',
    'exec-opt': 'native.cgroupdriver=cgroupfs',
    'cgroup-parent': cgroup,
    'storage-driver': 'vfs',
    'live-restore': 'true',
    'log-level': 'warn',
  };
  return Object.entries(switches).map(([name, value]) => `--${name}=${value}`);
}

/** Returns what the API and the command line offer, for any engine. */
export function containerEngine(
  { directory, cgroup }: World,
  socket: string,
  runOptions: readonly string[],
): ContainerEngine {
  const url = `unix://${socket}`;
  const docker = async (...args: readonly string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'], DOCKER_HOST: url, DOCKER_CONFIG: join(directory, 'config') };
    return (await run('docker', args, { env, maxBuffer: 2 ** 26 })).stdout.trim();
  };
  return {
    url,
    docker,
    run: (name, script, ...options) => {
      const run = ['run', '--detach', '--name', name, '--cgroup-parent', cgroup, ...runOptions, ...options];
      return docker(...run, image, busybox, 'sh', '-c', script);
    },
    get: (path) => answerOf(socket, path),
  };
}

/** Imports an image with busybox alone. */
export async function importImage(engine: ContainerEngine): Promise<void> {
  await access(busybox);
  const env = { PATH: process.env['PATH'], DOCKER_HOST: engine.url };
  await run('sh', ['-c', `tar --create --directory / ${busybox.slice(1)} | docker import - ${image}`], { env });
}

async function answerOf<Answer>(socketPath: string, path: string): Promise<Answer> {
  const text = await new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath, path, headers: { host: 'engine' } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
      answer.once('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`${path}: expected status 200, found ${answer.statusCode}: ${body}`));
      });
    });
    asked.once('error', reject).end();
  });
  return JSON.parse(text) as Answer;
}

/** Resolves once the engine answers. Rejects if it ends before, or after a long time. */
export async function untilAnswers(engine: ContainerEngine, daemon: Daemon): Promise<void> {
  let end: { readonly code: number | null; readonly said: string } | undefined;
  void daemon.ended.then((one) => (end = one));
  await eventually('the engine answers', async () => {
    if (end !== undefined) throw new Error(`it ended with ${end.code}: ${end.said}`);
    return engine.get('/version').then(
      () => true,
      () => false,
    );
  });
}

/** Resolves once the condition holds; rejects after a long time. Asks ten times a second, to leave the CPU to what it waits for. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const endAtMs = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > endAtMs) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Converts every error to one that names the packages and the switch. */
export async function orNoEngine<Result>(engine: string, needs: string, start: () => Promise<Result>): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    throw new NoEngine(engine, needs, error);
  }
}
