// The process as it is started by others: its signals, its streams and its exit codes.

import test from 'ava';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { temporaryDirectory } from './fakes/directory.ts';

const main = new URL('../src/main.js', import.meta.url).pathname;

interface Started {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The exit code, once its streams are closed as well. */
  readonly exit: Promise<number | null>;
}

function started(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: { HOME: '/nowhere', ...env } });
  return { child, exit: once(child, 'close').then(([code]) => code as number | null) };
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

test('the version is the package\'s', async (t) => {
  const { child, exit } = started(['--version']);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  t.deepEqual([await textOf(child.stdout), await exit], [`${version}\n`, 0]);
});

test('wrong usage ends with 64 and one line', async (t) => {
  const { child, exit } = started(['--nonsense']);
  child.stdout.resume();
  t.deepEqual([await textOf(child.stderr), await exit], ['error: unknown option \'--nonsense\'\n', 64]);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops the bridge in order`, async (t) => {
    const stateDir = await temporaryDirectory(t);
    await writeFile(join(stateDir, 'n.json'), '[{"id":1,"active":true}]');
    const { child, exit } = started(['-f', '-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--state-dir', stateDir, '--nodes-file', join(stateDir, 'n.json')]);
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

test('a reader who goes away is no error', async (t) => {
  const { child, exit } = started(['--help']);
  child.stdout.destroy();
  t.deepEqual([await textOf(child.stderr), await exit], ['', 0]);
});

test('an error that nobody has caught is one line and ends with 70', async (t) => {
  const throwsOnceMainListens = 'process.on("newListener",(name)=>{if(name==="uncaughtException")setImmediate(()=>{throw new Error("boom")})})';
  const { child, exit } = started(['simulate', '--target', 'http://127.0.0.1:1/'], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(throwsOnceMainListens)}` });
  t.teardown(() => child.kill('SIGKILL'));
  child.stdout.resume();
  t.regex(await textOf(child.stderr), /^error: Error: boom at .*\n$/);
  t.is(await exit, 70);
});
