// The result of `npm pack` is installed into an empty directory and run, on the Node of these tests and on Node 24.

import test from 'ava';
import { execFile, spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../fakes/directory.ts';
import { exists } from './debian-packages.ts';
import { e2e } from './e2e.ts';
import { nodesFile } from './golden.ts';

const run = promisify(execFile);
const root = new URL('../../../', import.meta.url).pathname;

let installing: Promise<string> | undefined;

/** Packs the build and installs it, once. */
const installed = (): Promise<string> => (installing ??= install());
test.after.always(async () => installing?.then((prefix) => rm(dirname(prefix), { recursive: true })));

async function install(): Promise<string> {
  const packed = await mkdtemp(join(tmpdir(), 'bridge-package-'));
  const prefix = join(packed, 'prefix');
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', packed], {
    cwd: root,
    maxBuffer: 2 ** 24,
  });
  const [{ filename } = { filename: '' }] = JSON.parse(stdout) as { readonly filename: string }[];
  await run('npm', ['install', '--global', '--prefix', prefix, join(packed, filename)], { cwd: packed });
  return prefix;
}

/** Returns the directory of a Node 24: the running one, or npm's package `node` in .tools/. */
async function node24(): Promise<string> {
  if (process.version.startsWith('v24.')) return dirname(process.execPath);
  const prefix = join(root, '.tools/node-24');
  const folder = join(prefix, 'node_modules/node/bin');
  if (!(await exists(join(folder, 'node')))) {
    await mkdir(prefix, { recursive: true });
    await run('npm', ['install', '--prefix', prefix, '--no-save', '--no-package-lock', 'node@24']);
  }
  return folder;
}

interface Installation {
  readonly env: Readonly<Record<string, string>>;
  /** Rejects if the exit code is not 0. */
  command(...args: readonly string[]): Promise<string>;
}

const name = 'catchpoint-opentsdb-bridge';

function installation(prefix: string, nodeFolder: string): Installation {
  const env = { PATH: `${join(prefix, 'bin')}:${nodeFolder}:/usr/bin:/bin` };
  return { env, command: async (...args) => (await run(name, args, { env })).stdout };
}

for (const [title, folderOf] of [
  [`Node ${process.version}`, async () => dirname(process.execPath)],
  ['Node 24', node24],
] as const) {
  e2e(`the packed bridge is installed and runs on ${title}`, async (t) => {
    t.timeout(300_000);
    const [prefix, nodeFolder] = [await installed(), await folderOf()];
    const { command } = installation(prefix, nodeFolder);
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string };
    t.is(await command('--version'), `${version}\n`);
    t.regex(
      await command('check', '-f', '--nodes-file', nodesFile, '--state-dir', await temporaryDirectory(t)),
      /nodes/,
    );
    t.regex(await command('demo', '--seconds', '2', '--rate', '20', '--nodes', '20'), /points/);
    const contrib = ['systemd', 'grafana/dashboards', 'container', 'bosun'].map((path) => `contrib/${path}`);
    for (const path of ['upstart', 'LICENSE', ...contrib])
      await t.notThrowsAsync(access(join(prefix, 'lib/node_modules', name, path)), path);
  });
}

/** Reads the job, and moves its paths into a directory and its listeners to free ports. */
async function jobIn(
  directory: string,
): Promise<{ readonly env: Record<string, string>; readonly preStart: string; readonly exec: string }> {
  const job = await readFile(join(root, 'upstart', `${name}.conf`), 'utf8');
  const variables = Object.fromEntries(
    [...job.matchAll(/^env ([^=]+)=(.*)$/gm)].map(([, variable = '', value = '']) => [variable, value]),
  );
  const { CATCHPOINT_BRIDGE_KEY_FILE: _key, CATCHPOINT_BRIDGE_SECRET_FILE: _secret, ...env } = variables;
  return {
    env: {
      ...env,
      CATCHPOINT_BRIDGE_STATE_DIR: join(directory, 'state'),
      CATCHPOINT_BRIDGE_LISTEN: '127.0.0.1:0',
      CATCHPOINT_BRIDGE_ADMIN_LISTEN: '127.0.0.1:0',
      CATCHPOINT_BRIDGE_NODES_FILE: nodesFile,
    },
    preStart: (/^pre-start script\n(.*?)^end script$/ms.exec(job)?.[1] ?? 'false').replaceAll(
      'catchpoint-bridge "',
      `${userInfo().username} "`,
    ),
    exec: /^exec (.*)$/m.exec(job)?.[1] ?? 'false',
  };
}

e2e('the scripts and the command of the Upstart job start the installed bridge, and SIGTERM ends it', async (t) => {
  t.timeout(300_000);
  const { env } = installation(await installed(), dirname(process.execPath));
  const directory = await temporaryDirectory(t);
  const job = await jobIn(directory);
  await run('sh', ['-e', '-c', job.preStart], { env: { ...env, ...job.env } });
  t.is((await stat(join(directory, 'state'))).mode & 0o777, 0o700);
  const child = spawn('sh', ['-e', '-c', `exec ${job.exec}`], {
    env: { ...env, ...job.env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    if (line.includes('"msg":"ready"')) child.kill('SIGTERM');
  }
  t.is(await ended, 0, lines.join('\n'));
  t.true(
    lines.some((line) => line.includes('"msg":"stopped"')),
    lines.join('\n'),
  );
});
