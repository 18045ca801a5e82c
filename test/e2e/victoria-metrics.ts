// A real VictoriaMetrics for the end-to-end tests, out of Debian's package, and what it holds in the end.
//
// The binary is looked for in $VICTORIA_METRICS, on the PATH and in .tools/; when it is nowhere, the package is
// downloaded and unpacked there, without being installed: no root, no unit started.

import type { ExecutionContext } from 'ava';
import { execFile, spawn } from 'node:child_process';
import { access, mkdir, readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../fakes/directory.ts';

const run = promisify(execFile);
const tools = new URL('../../../.tools/', import.meta.url).pathname;

export interface VictoriaMetrics {
  /** Where OpenTSDB's HTTP put is spoken. */
  readonly httpPutPort: number;
  /** Where OpenTSDB's telnet put is spoken. */
  readonly telnetPutPort: number;
  /** Every point that it holds as a put line without "put", seconds or milliseconds as written; copies stand as often as they came. */
  points(unit: 's' | 'ms'): Promise<string[]>;
  /** One of its own counters, summed over its labels. */
  counter(name: string): Promise<number>;
}

/** Starts one on free ports; it goes with its test. */
export async function victoriaMetrics(t: ExecutionContext): Promise<VictoriaMetrics> {
  const binary = await findBinary();
  const [http, put, putHttp] = await Promise.all([freePort(), freePort(), freePort()]);
  const data = await temporaryDirectory(t);
  const flags = [
    `-storageDataPath=${data}`,
    `-httpListenAddr=127.0.0.1:${http}`,
    `-opentsdbListenAddr=127.0.0.1:${put}`,
    `-opentsdbHTTPListenAddr=127.0.0.1:${putHttp}`,
    '-retentionPeriod=100y',
    '-search.latencyOffset=0s',
    '-loggerLevel=ERROR',
  ];
  const child = spawn(binary, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.teardown(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  const origin = `http://127.0.0.1:${http}`;
  await untilHealthy(origin, child);
  return {
    httpPutPort: putHttp,
    telnetPutPort: put,
    points: (unit) => exported(origin, unit),
    async counter(name) {
      const metrics = await (await fetch(`${origin}/metrics`)).text();
      const lines = metrics.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
  };
}

async function untilHealthy(origin: string, child: { readonly exitCode: number | null }): Promise<void> {
  while (child.exitCode === null) {
    try {
      if ((await fetch(`${origin}/health`)).ok) return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  throw new Error(`victoria-metrics ended with ${child.exitCode}`);
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  readonly timestamps: readonly number[];
}

async function exported(origin: string, unit: 's' | 'ms'): Promise<string[]> {
  await fetch(`${origin}/internal/force_flush`);
  const answer = await fetch(`${origin}/api/v1/export?${new URLSearchParams({ 'match[]': '{__name__!=""}' })}`);
  const series = (await answer.text()).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Series);
  return series.flatMap(({ metric: { __name__: name, ...tags }, values, timestamps }) =>
    values.map((value, index) => {
      const time = (timestamps[index] as number) / (unit === 's' ? 1000 : 1);
      return [name, time, value, ...Object.entries(tags).map(([tag, text]) => `${tag}=${text}`).sort()].join(' ');
    }),
  );
}

/** A put line of ours in the form in which `points` gives them back: tags sorted, the value as a number. */
export function asExported(putLine: string): string {
  const [name, time, value, ...tags] = putLine.replace(/^put /, '').split(' ');
  return [name, time, Number(value), ...tags.sort()].join(' ');
}

let found: Promise<string> | undefined;

function findBinary(): Promise<string> {
  return (found ??= locate());
}

async function locate(): Promise<string> {
  const unpacked = join(tools, 'usr/bin/victoria-metrics');
  const onPath = (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'victoria-metrics'));
  for (const path of [process.env['VICTORIA_METRICS'], ...onPath, unpacked]) {
    if (path !== undefined && (await exists(path))) return path;
  }
  try {
    await download();
  } catch (error) {
    throw new Error(
      `the end-to-end tests need VictoriaMetrics, and Debian's package could not be fetched (${(error as Error).message}). ` +
        'Point VICTORIA_METRICS at a binary, or leave the end-to-end tests out with BRIDGE_E2E=off npm test.',
    );
  }
  return unpacked;
}

/** Asks apt for the package; where it has no list of packages, it is given one of its own below .tools/. */
async function download(): Promise<void> {
  const folder = join(tools, 'packages');
  await mkdir(folder, { recursive: true });
  const own = [`Dir::State=${tools}apt/state`, `Dir::Cache=${tools}apt/cache`].flatMap((setting) => ['-o', setting]);
  try {
    await run('apt-get', ['download', 'victoria-metrics'], { cwd: folder });
  } catch {
    for (const path of ['state/lists/partial', 'cache/archives/partial']) await mkdir(join(tools, 'apt', path), { recursive: true });
    await run('apt-get', [...own, 'update'], { cwd: folder });
    await run('apt-get', [...own, 'download', 'victoria-metrics'], { cwd: folder });
  }
  const archive = (await readdir(folder)).find((name) => name.startsWith('victoria-metrics_'));
  await run('dpkg-deb', ['-x', join(folder, archive ?? 'victoria-metrics.deb'), tools]);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
