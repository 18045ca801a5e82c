// The command line: help texts, exit codes and error messages of all commands, in this process.

import test from 'ava';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { environmentTextOf, flagOf } from '../../src/config/settings/names.ts';
import { settingEntries } from '../../src/config/settings/settings.ts';
import { takeStateDirectory } from '../../src/daemon/state-directory-lock.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { ran, runFlags } from './context.ts';

test('the help names every setting with its flag, default and environment variable, below its group', async (t) => {
  for (const argv of [['--help'], ['run', '--help'], ['help', 'check']]) {
    const { exitCode, out, err } = await ran(argv);
    t.is(exitCode, 0);
    t.is(err, '');
    const text = out.replace(/\s+/g, ' ');
    for (const [key, setting] of settingEntries) {
      t.true(out.includes(`\n${setting.group}:\n`), setting.group);
      t.true(text.includes(` ${flagOf(key, setting)} `), key);
      if (setting.short !== undefined) t.true(text.includes(` -${setting.short}, ${flagOf(key, setting)} `), key);
      if (setting.kind !== 'switch' && setting.default !== undefined)
        t.true(text.includes(`(default: ${setting.default}; `), key);
      t.true(text.includes(`${environmentTextOf(key, setting)})`), key);
    }
  }
});

test("the program's help names every command", async (t) => {
  const commandsOf = async (argv: readonly string[]): Promise<string[]> =>
    [...(await ran(argv)).out.matchAll(/^  ([a-z][a-z-]*) /gm)].map(([, name]) => name as string);
  t.is(
    (await commandsOf(['--help'])).join(' '),
    'run check doctor config nodes dead-letters spool replay top template forecast demo docker-stats simulate help',
  );
  t.deepEqual(await commandsOf(['nodes', '--help']), ['list', 'show', 'refresh', 'diff', 'help']);
  t.deepEqual(await commandsOf(['dead-letters', '--help']), ['list', 'show', 'retry', 'drop', 'export', 'help']);
  t.deepEqual(await commandsOf(['spool', '--help']), ['status', 'drop', 'verify', 'help']);
});

test('the version is printed', async (t) => {
  t.deepEqual(await ran(['--version']), { exitCode: 0, out: '1.2.3\n', err: '' });
});

for (const [commandLine, error] of [
  ['--tsdb-hots x', "unknown option '--tsdb-hots'\n(Did you mean --tsdb-host?)"],
  ['chekc', "unknown command 'chekc'\n(Did you mean check?)"],
  ['nodes lits', "unknown command 'lits'\n(Did you mean list?)"],
  ['-l', "option '-l, --listen <address>' argument missing"],
  ['nodes show', "missing required argument 'id'"],
  ['dead-letters retry', 'expected ids, --all, --reason or --kind, found none of them'],
  ['dead-letters drop a --all', 'expected ids, or else --all, --reason or --kind, found both'],
  ['dead-letters drop --kind a --all', 'expected --all, or else --reason or --kind, found both'],
  ['replay', "missing required argument 'files'"],
  ['simulate', "required option '--target <url>' not specified"],
  ['docker-stats', 'backstop: expected --backstop or SRV_BACKSTOP with the URL to send to, found neither'],
  ['docker-stats -poll', "option '--poll <duration>' argument missing"],
  ['docker-stats -verbose=yes', '--verbose: expected true or false, found "yes"'],
  [
    'docker-stats -backstop=http://h/publish/a -poll 60',
    '--poll: expected a duration in Go\'s notation such as 500ms, 60s or 1h30m, found "60"',
  ],
  ['demo -p 1', "option '-p, --tsdb-port' needs --tsdb-host"],
  [
    '',
    "credentials: expected --key and --secret (Catchpoint's REST API v1), --api-key (v2) or --nodes-file (no account), found none of them",
  ],
] as const) {
  test(`wrong usage: "${commandLine}"`, async (t) => {
    const argv = commandLine.split(' ').filter((word) => word !== '');
    t.deepEqual(await ran(argv, { HOME: '/nowhere' }), { exitCode: 64, out: '', err: `error: ${error}\n` });
  });
}

test('all errors of the environment and of a file are reported as wrong configuration', async (t) => {
  const path = join(await temporaryDirectory(t), 'bridge.yaml');
  await writeFile(path, 'listen: 80\ntsdbPort: 1\n');
  const outcome = await ran(['check', '--config', path], { CATCHPOINT_BRIDGE_RTT: 'x', CATCHPOINT_BRIDGE_KEI: 'y' });
  t.is(outcome.exitCode, 78);
  t.deepEqual(outcome.err.trimEnd().split('\n'), [
    'warning: CATCHPOINT_BRIDGE_KEI: no such setting; did you mean CATCHPOINT_BRIDGE_KEY?',
    `error: ${path}:2: tsdbPort: no such setting; did you mean tsdb-port?`,
    'error: CATCHPOINT_BRIDGE_RTT: expected by-type or total, found "x"',
  ]);
});

test('flags without a command start the bridge, and a signal ends it with 0', async (t) => {
  const { argv, stateDir } = await runFlags(t);
  const { exitCode, out, err } = await ran([...argv, '-t', 'h']);
  const lines = err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; stateDir?: string });
  t.is(exitCode, 0);
  t.is(out, '');
  t.is(lines[0]?.msg, '--tsdb-host: without effect, in file mode OpenTSDB is not contacted');
  t.is(lines.find(({ msg }) => msg === 'ready')?.stateDir, stateDir);
  t.is(lines.at(-1)?.msg, 'stopped');
});

test('a port or a state directory that is in use ends with 69', async (t) => {
  const { argv, stateDir } = await runFlags(t);
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const onPort = await ran([...argv, '-l', `127.0.0.1:${port}`]);
  t.is(onPort.exitCode, 69);
  t.regex(onPort.err, new RegExp(`error: cannot listen on 127.0.0.1:${port}: the address is in use\n$`));
  const owner = await takeStateDirectory(stateDir, 4711);
  t.teardown(owner.release);
  const onState = await ran(argv);
  t.is(onState.exitCode, 69);
  t.regex(
    onState.err,
    /error: state directory .*: process 4711 uses it; stop it, or choose another with --state-dir\n$/,
  );
});

test('check prints settings and findings on stdout, warnings on stderr', async (t) => {
  const { argv } = await runFlags(t);
  const { exitCode, out, err } = await ran(['check', ...argv, '-t', 'h']);
  t.is(exitCode, 0);
  t.is(err, 'warning: --tsdb-host: without effect, in file mode OpenTSDB is not contacted\n');
  t.regex(out, /^setting +value +from\nlisten +127\.0\.0\.1:0 +--listen\n/);
  t.regex(out, /\n\nstate directory +ok .*\nfile +ok .*\nnodes file +ok .*\n$/);
});

test('config init writes a private file that check accepts, and overwrites no file', async (t) => {
  const path = join(await temporaryDirectory(t), 'bridge.yaml');
  t.deepEqual(await ran(['config', 'init', path]), {
    exitCode: 0,
    out: `${path}: written; try it with: catchpoint-opentsdb-bridge check --config ${path}\n`,
    err: '',
  });
  t.is((await stat(path)).mode & 0o777, 0o600);
  const { argv } = await runFlags(t);
  t.is((await ran(['check', ...argv, '--config', path])).exitCode, 0);
  await writeFile(path, 'mine');
  for (const [at, reason] of [
    [path, 'is there already, and stays as it is'],
    ['/nowhere/b.yaml', 'ENOENT: no such file or directory'],
  ] as const) {
    t.deepEqual(await ran(['config', 'init', at]), { exitCode: 73, out: '', err: `error: ${at}: ${reason}\n` });
  }
  t.is(await readFile(path, 'utf8'), 'mine');
  t.regex((await ran(['config', 'init', '-'])).out, /^# Configuration of .*\n[^]*\n#listen: 8080\n/);
});

test('config schema prints JSON', async (t) => {
  const { out, exitCode } = await ran(['config', 'schema']);
  t.is(exitCode, 0);
  t.like(JSON.parse(out), { type: 'object', additionalProperties: false });
});

test('nodes are listed, shown and refreshed from a nodes file', async (t) => {
  const { directories } = await runFlags(t);
  const shown = await ran(['nodes', 'show', '312', '--json', ...directories]);
  t.is(shown.exitCode, 0);
  t.like(JSON.parse(shown.out), { id: 312, name: 'Jinan, CN - Unicom' });
  t.is((await ran(['nodes', 'show', '5', ...directories])).exitCode, 1);
  t.is((await ran(['nodes', 'list', ...directories])).exitCode, 0);
  t.is((await ran(['nodes', 'refresh', '--state-dir', '/nowhere'])).exitCode, 64);
});
