// The command line takes what the settings say, explains itself, and ends with the exit code that the outcome deserves.

import test, { type ExecutionContext } from 'ava';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { systemClock } from '../../src/runtime/clock.ts';
import { runProgram } from '../../src/cli/program.ts';
import { environmentWordsOf, flagOf } from '../../src/config/settings/names.ts';
import { settingEntries } from '../../src/config/settings/settings.ts';
import { takeStateDirectory } from '../../src/daemon/state-directory-lock.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command that is told to stop as soon as it can. */
async function ran(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const texts = { out: '', err: '' };
  const into = (which: 'out' | 'err'): Writable =>
    new Writable({
      write(chunk, _, done) {
        texts[which] += String(chunk);
        done();
      },
    });
  const [stdout, stderr] = [into('out'), into('err')];
  const stop = AbortSignal.abort();
  const exitCode = await runProgram(argv, '1.2.3', {
    env,
    stdin: () => Readable.from([]),
    stdout,
    stderr,
    clock: systemClock(),
    random: () => 0.5,
    pid: 7,
    stop,
    hurry: stop,
  });
  return { exitCode, ...texts };
}

/** What a run needs to start anywhere: no account, no OpenTSDB, free ports, a state directory of its own. */
async function anywhere(t: ExecutionContext): Promise<{ readonly argv: string[]; readonly stateDir: string }> {
  const stateDir = await temporaryDirectory(t);
  const nodesFile = join(stateDir, 'given-nodes.json');
  await writeFile(nodesFile, '[{"id":312,"name":"Jinan, CN - Unicom","active":true}]');
  return {
    argv: [
      '-f',
      '-l',
      '127.0.0.1:0',
      '--admin-listen',
      '127.0.0.1:0',
      '--nodes-file',
      nodesFile,
      '--state-dir',
      stateDir,
    ],
    stateDir,
  };
}

test('the help names every setting with its flag, its default and its variable, under its group', async (t) => {
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
      t.true(text.includes(`${environmentWordsOf(key, setting)})`), key);
    }
  }
});

test('the help of a command is the same whichever way it is asked for', async (t) => {
  const [asked, flagged] = [await ran(['help', 'replay']), await ran(['replay', '--help'])];
  t.is(asked.out, flagged.out);
  for (const option of ['--since <time>', '--state-dir <path>']) t.true(asked.out.includes(option), option);
});

test("the program's help names every command", async (t) => {
  const { out } = await ran(['--help']);
  for (const name of ['run', 'check', 'nodes', 'replay', 'dead-letters', 'spool', 'demo', 'simulate', 'help'])
    t.regex(out, new RegExp(`^  ${name} `, 'm'));
  t.deepEqual((await ran(['nodes', '--help'])).out.match(/^  (list|show|refresh) /gm), [
    '  list ',
    '  show ',
    '  refresh ',
  ]);
  t.deepEqual((await ran(['dead-letters', '--help'])).out.match(/^  (list|show|retry|drop|export) /gm), [
    '  list ',
    '  show ',
    '  retry ',
    '  drop ',
    '  export ',
  ]);
  t.deepEqual((await ran(['spool', '--help'])).out.match(/^  (status|drop) /gm), ['  status ', '  drop ']);
});

test('the version is printed', async (t) => {
  t.deepEqual(await ran(['--version']), { exitCode: 0, out: '1.2.3\n', err: '' });
});

for (const [what, argv, error] of [
  ['an unknown flag', ['--tsdb-hots', 'x'], "error: unknown option '--tsdb-hots'\n(Did you mean --tsdb-host?)\n"],
  ['an unknown command', ['chekc'], "error: unknown command 'chekc'\n(Did you mean check?)\n"],
  ['an unknown command of nodes', ['nodes', 'lits'], "error: unknown command 'lits'\n(Did you mean list?)\n"],
  ['a flag without its value', ['-l'], "error: option '-l, --listen <address>' argument missing\n"],
  ['a node without an id', ['nodes', 'show'], "error: missing required argument 'id'\n"],
  [
    'a retry of nothing',
    ['dead-letters', 'retry'],
    'error: expected ids, --all, --reason or --kind, found none of them\n',
  ],
  [
    'a drop of ids and of all',
    ['dead-letters', 'drop', 'a', '--all'],
    'error: expected ids, or else --all, --reason or --kind, found both\n',
  ],
  [
    'a drop of all and of some',
    ['dead-letters', 'drop', '--kind', 'a', '--all'],
    'error: expected --all, or else --reason or --kind, found both\n',
  ],
  [
    'a fault of a flag',
    ['-l', 'x', '--nodes-file', 'n'],
    'error: --listen: expected [host:]port, the port from 0 to 65535, found "x"\n',
  ],
  ['a replay of nothing', ['replay'], "error: missing required argument 'files'\n"],
  [
    'a replay of what is no test',
    ['replay', 'x', '--test', '5,x'],
    "error: option '--test <ids>' argument '5,x' is invalid. expected ids, integers from 1 to 2^53-1, found \"x\"\n",
  ],
  ['no target', ['simulate'], "error: required option '--target <url>' not specified\n"],
  [
    'a target that is none',
    ['simulate', '--target', 'x'],
    "error: option '--target <url>' argument 'x' is invalid. expected a URL such as http://bridge.example:8080/, found \"x\"\n",
  ],
  [
    'a rate of nothing',
    ['demo', '--rate', '0'],
    "error: option '--rate <number>' argument '0' is invalid. expected a number above 0, found \"0\"\n",
  ],
  ['a port of no host', ['demo', '-p', '1'], "error: option '-p, --tsdb-port' needs --tsdb-host\n"],
  [
    'no credentials',
    [],
    "error: credentials: expected --key and --secret (Catchpoint's REST API v1), --api-key (v2) or --nodes-file (no account), found none of them\n",
  ],
] as const) {
  test(`${what} is wrong usage`, async (t) => {
    t.deepEqual(await ran(argv, { HOME: '/nowhere' }), { exitCode: 64, out: '', err: error });
  });
}

test('faults of the environment and of a file are wrong configuration, all named at once', async (t) => {
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

test('a configuration file that is not there is named', async (t) => {
  const flag = await ran(['--config', '/nowhere/bridge.yaml']);
  t.deepEqual(flag, {
    exitCode: 64,
    out: '',
    err: 'error: --config: /nowhere/bridge.yaml: ENOENT: no such file or directory\n',
  });
  const variable = await ran([], { CATCHPOINT_BRIDGE_CONFIG: '/nowhere/bridge.yaml' });
  t.deepEqual(
    [variable.exitCode, variable.err],
    [78, 'error: CATCHPOINT_BRIDGE_CONFIG: /nowhere/bridge.yaml: ENOENT: no such file or directory\n'],
  );
});

test('flags without a command name start the bridge, and a signal ends it with 0', async (t) => {
  const { argv, stateDir } = await anywhere(t);
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

test('a port or a state directory that is taken ends with 69 and its words', async (t) => {
  const { argv, stateDir } = await anywhere(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
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

test('check prints the settings and its findings, warnings apart', async (t) => {
  const { argv } = await anywhere(t);
  const { exitCode, out, err } = await ran(['check', ...argv, '-t', 'h']);
  t.is(exitCode, 0);
  t.is(err, 'warning: --tsdb-host: without effect, in file mode OpenTSDB is not contacted\n');
  t.regex(out, /^setting +value +from\nlisten +127\.0\.0\.1:0 +--listen\n/);
  t.regex(out, /\n\nstate directory +ok .*\nfile +ok .*\nnodes file +ok .*\n$/);
});

test('config init writes a file that check takes, for its owner alone, and never over another', async (t) => {
  const path = join(await temporaryDirectory(t), 'bridge.yaml');
  t.deepEqual(await ran(['config', 'init', path]), {
    exitCode: 0,
    out: `${path}: written; try it with: catchpoint-opentsdb-bridge check --config ${path}\n`,
    err: '',
  });
  t.is((await stat(path)).mode & 0o777, 0o600);
  const { argv } = await anywhere(t);
  t.is((await ran(['check', ...argv, '--config', path])).exitCode, 0);
  await writeFile(path, 'mine');
  t.deepEqual(await ran(['config', 'init', path]), {
    exitCode: 73,
    out: '',
    err: `error: ${path}: is there already, and stays as it is\n`,
  });
  t.is(await readFile(path, 'utf8'), 'mine');
  t.deepEqual(await ran(['config', 'init', '/nowhere/b.yaml']), {
    exitCode: 73,
    out: '',
    err: 'error: /nowhere/b.yaml: ENOENT: no such file or directory\n',
  });
  t.regex((await ran(['config', 'init', '-'])).out, /^# Configuration of .*\n[^]*\n#listen: 8080\n/);
});

test('config schema prints JSON', async (t) => {
  const { out, exitCode } = await ran(['config', 'schema']);
  t.is(exitCode, 0);
  t.like(JSON.parse(out), { type: 'object', additionalProperties: false });
});

test('nodes are listed, shown and refreshed without an account where there is a file of them', async (t) => {
  const { argv } = await anywhere(t);
  const common = argv.slice(5);
  const shown = await ran(['nodes', 'show', '312', '--json', ...common]);
  t.is(shown.exitCode, 0);
  t.like(JSON.parse(shown.out), { id: 312, name: 'Jinan, CN - Unicom' });
  t.is((await ran(['nodes', 'show', '5', ...common])).exitCode, 1);
  t.is((await ran(['nodes', 'list', ...common])).exitCode, 0);
  t.is((await ran(['nodes', 'refresh', '--state-dir', '/nowhere'])).exitCode, 64);
});
