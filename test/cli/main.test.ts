// The program as a process: signals, streams and exit codes.

import test, { type ExecutionContext } from 'ava';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { temporaryDirectory } from '../fakes/directory.ts';

const main = new URL('../../src/main.js', import.meta.url).pathname;

interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The exit code, after the streams are closed. */
  readonly exit: Promise<number | null>;
}

function started(t: ExecutionContext, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [main, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { HOME: '/nowhere', ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  return { child, exit: once(child, 'close').then(([code]) => code as number | null) };
}

/** The arguments of a bridge with a configuration file, in file mode, on free ports. */
async function configured(
  t: ExecutionContext,
): Promise<{ readonly stateDir: string; readonly path: string; readonly argv: string[] }> {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'bridge.yaml');
  const nodesFile = join(stateDir, 'n.json');
  await writeFile(nodesFile, '[{"id":1,"active":true}]');
  await writeFile(path, 'file-mode: true\nlog-level: info\n');
  const listening = ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
  return { stateDir, path, argv: ['--config', path, ...listening, '--state-dir', stateDir, '--nodes-file', nodesFile] };
}

test('--version prints the version of the package', async (t) => {
  const { child, exit } = started(t, ['--version']);
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  t.deepEqual([await text(child.stdout), await exit], [`${version}\n`, 0]);
});

test('wrong usage prints one line and exits with 64', async (t) => {
  const { child, exit } = started(t, ['--nonsense']);
  child.stdout.resume();
  t.deepEqual([await text(child.stderr), await exit], ["error: unknown option '--nonsense'\n", 64]);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops the bridge gracefully`, async (t) => {
    const { argv } = await configured(t);
    const { child, exit } = started(t, argv);
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

test('SIGHUP reloads the configuration, and a wrong one changes nothing', async (t) => {
  const { path, argv } = await configured(t);
  const { child, exit } = started(t, argv);
  child.stdout.resume();
  const messages: unknown[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    const { msg, changed, settings, faults } = JSON.parse(line) as Record<string, string>;
    messages.push([msg, changed ?? settings ?? faults]);
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
  // The new level, warn, hides later messages of level info.
  t.deepEqual(messages.slice(-2), [
    [
      'the configuration cannot be used; the last good one stays in effect',
      [`${path}:4: lisen: no such setting; did you mean listen?`],
    ],
    ['settings have changed that need a restart; until then the former values hold', ['resolution']],
  ]);
});

test('closing the terminal stops the bridge gracefully', async (t) => {
  const { stateDir, argv } = await configured(t);
  const command = [process.execPath, main, ...argv].join(' ');
  // The bridge holds the fourth stream open until it ends.
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

test('a closed stdout is not an error', async (t) => {
  const { child, exit } = started(t, ['--help']);
  child.stdout.destroy();
  t.deepEqual([await text(child.stderr), await exit], ['', 0]);
});

test('an uncaught error prints one line and exits with 70', async (t) => {
  const throwsOnceMainListens =
    'process.on("newListener",(name)=>{if(name==="uncaughtException")setImmediate(()=>{throw new Error("boom")})})';
  const { child, exit } = started(t, ['simulate', '--target', 'http://127.0.0.1:1/'], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(throwsOnceMainListens)}`,
  });
  child.stdout.resume();
  t.regex(await text(child.stderr), /^error: Error: boom at .*\n$/);
  t.is(await exit, 70);
});

test('SIGHUP during the start reloads the configuration after it', async (t) => {
  const { argv } = await configured(t);
  const { child, exit } = started(t, argv);
  child.stdout.resume();
  // SIGHUP is bit 0 of the caught signals, once the program listens to it.
  const isCaught = (): boolean => /^SigCgt:.*[13579bdf]$/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  while (!isCaught()) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGHUP');
  for await (const line of createInterface({ input: child.stderr }))
    if (line.includes('configuration read again')) child.kill('SIGTERM');
  t.is(await exit, 0);
});
