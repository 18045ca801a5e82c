// The process as it is started by others: its signals, its streams and its exit codes.

import test, { type ExecutionContext } from 'ava';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { temporaryDirectory } from '../fakes/directory.ts';

const main = new URL('../../src/main.js', import.meta.url).pathname;

interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The exit code, once its streams are closed as well. */
  readonly exit: Promise<number | null>;
}

function started(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [main, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { HOME: '/nowhere', ...env },
  });
  return { child, exit: once(child, 'close').then(([code]) => code as number | null) };
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

test("the version is the package's", async (t) => {
  const { child, exit } = started(['--version']);
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  t.deepEqual([await textOf(child.stdout), await exit], [`${version}\n`, 0]);
});

test('wrong usage ends with 64 and one line', async (t) => {
  const { child, exit } = started(['--nonsense']);
  child.stdout.resume();
  t.deepEqual([await textOf(child.stderr), await exit], ["error: unknown option '--nonsense'\n", 64]);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops the bridge in order`, async (t) => {
    const stateDir = await temporaryDirectory(t);
    await writeFile(join(stateDir, 'n.json'), '[{"id":1,"active":true}]');
    const { child, exit } = started([
      '-f',
      '-l',
      '127.0.0.1:0',
      '--admin-listen',
      '127.0.0.1:0',
      '--state-dir',
      stateDir,
      '--nodes-file',
      join(stateDir, 'n.json'),
    ]);
    t.teardown(() => child.kill('SIGKILL'));
    child.stdout.resume();
    let log = '';
    for await (const chunk of child.stderr) {
      log += String(chunk);
      if (log.includes('"ready"') && !child.killed) child.kill(signal);
    }
    t.is(await exit, 0, log);
    t.regex(log, /"stopped"\}\n$/);
  });
}

/** A configuration file, and the words of the command line that run a bridge by it anywhere. */
async function configured(
  t: ExecutionContext,
): Promise<{ readonly stateDir: string; readonly path: string; readonly argv: string[] }> {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'bridge.yaml');
  await writeFile(join(stateDir, 'n.json'), '[{"id":1,"active":true}]');
  await writeFile(path, 'file-mode: true\nlog-level: info\n');
  const argv = [
    '--config',
    path,
    '-l',
    '127.0.0.1:0',
    '--admin-listen',
    '127.0.0.1:0',
    '--state-dir',
    stateDir,
    '--nodes-file',
    join(stateDir, 'n.json'),
  ];
  return { stateDir, path, argv };
}

test('SIGHUP reads the configuration anew, keeps the last good one, and the bridge runs on', async (t) => {
  const { path, argv } = await configured(t);
  const { child, exit } = started(argv);
  t.teardown(() => child.kill('SIGKILL'));
  child.stdout.resume();
  const said: unknown[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const { msg, changed, settings, faults } = JSON.parse(line) as Record<string, string>;
    said.push([msg, changed ?? settings ?? faults]);
    if (msg === 'ready') {
      await writeFile(path, 'file-mode: true\nlog-level: warn\nresolution: ms\nlisen: 1\n');
      child.kill('SIGHUP');
    } else if (faults !== undefined) {
      await writeFile(path, 'file-mode: true\nlog-level: warn\nresolution: ms\n');
      child.kill('SIGHUP');
    } else if (settings !== undefined) {
      child.kill('SIGTERM');
    }
  }
  t.is(await exit, 0);
  // The level is warn by then, so that what changed is not said; nor is "stopped".
  t.deepEqual(said.slice(-2), [
    [
      'the configuration cannot be used; the last good one stays in effect',
      [`${path}:4: lisen: no such setting; did you mean listen?`],
    ],
    ['settings have changed that need a restart; until then the former values hold', ['resolution']],
  ]);
});

test('a terminal that closes ends the bridge in order', async (t) => {
  const { stateDir, argv } = await configured(t);
  const command = [process.execPath, main, ...argv].join(' ');
  // The fourth stream stays open in the bridge until it has ended.
  const terminal = spawn('script', ['-qfc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: '/nowhere' },
  });
  t.teardown(() => terminal.kill('SIGKILL'));
  const ended = once((terminal.stdio[3] as Readable).resume(), 'end');
  let log = '';
  for await (const chunk of terminal.stdout as Readable) {
    log += String(chunk);
    if (log.includes('ready')) break;
  }
  t.true(existsSync(join(stateDir, 'admin.json')), log);
  terminal.kill('SIGKILL');
  await ended;
  t.false(existsSync(join(stateDir, 'admin.json')));
});

test('a reader who goes away is no error', async (t) => {
  const { child, exit } = started(['--help']);
  child.stdout.destroy();
  t.deepEqual([await textOf(child.stderr), await exit], ['', 0]);
});

test('an error that nobody has caught is one line and ends with 70', async (t) => {
  const throwsOnceMainListens =
    'process.on("newListener",(name)=>{if(name==="uncaughtException")setImmediate(()=>{throw new Error("boom")})})';
  const { child, exit } = started(['simulate', '--target', 'http://127.0.0.1:1/'], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(throwsOnceMainListens)}`,
  });
  t.teardown(() => child.kill('SIGKILL'));
  child.stdout.resume();
  t.regex(await textOf(child.stderr), /^error: Error: boom at .*\n$/);
  t.is(await exit, 70);
});

test('SIGHUP before the bridge has said what it is for does not end it', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const nodes = new URL('../../../test/golden/nodes/v1.json', import.meta.url).pathname;
  const listening = ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
  const { child, exit } = started([
    ...listening,
    '--state-dir',
    stateDir,
    '-f',
    '--nodes-file',
    nodes,
    '--log-format',
    'json',
  ]);
  t.teardown(() => child.kill('SIGKILL'));
  child.stdout.resume();
  // Caught is SIGHUP (bit 0) as soon as the program has begun; before that, nobody can.
  const isCaught = (): boolean => /^SigCgt:.*[13579bdf]$/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  while (!isCaught()) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGHUP');
  for await (const line of createInterface({ input: child.stderr }))
    if (line.includes('configuration read again')) child.kill('SIGTERM');
  t.is(await exit, 0);
});
