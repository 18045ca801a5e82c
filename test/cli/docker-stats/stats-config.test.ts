// The configuration that the options and variables of `docker-stats` give.

import test from 'ava';
import { statsConfig, type StatsInputs } from '../../../src/cli/docker-stats/stats-config.ts';
import { type ConfigRead, WrongConfiguration } from '../../../src/config/config.ts';

const url = 'http://backstop.example/publish/docker';

function read(
  options: StatsInputs['options'],
  env: StatsInputs['env'] = {},
  host: string | undefined = 'web-1',
): ConfigRead {
  return statsConfig({
    options,
    env: { HOME: '/home/x', ...env },
    host,
    readFile: () => '',
    canWriteIn: () => false,
  });
}

const dockerOf = (...given: Parameters<typeof read>) => read(...given).config.docker;

function faultsOf(...given: Parameters<typeof read>): readonly [exitCode: number, message: string] {
  try {
    read(...given);
  } catch (error) {
    if (error instanceof WrongConfiguration) return [error.exitCode, error.message];
    throw error;
  }
  return [0, ''];
}

test('by default it polls the usual socket every five minutes for the original figures', (t) => {
  const { config, warnings } = read({ backstop: url });
  t.deepEqual(warnings, []);
  t.false(config.takesCatchpoint);
  t.false(config.tsdb.isOn);
  t.is(config.backstop, undefined);
  t.like(config.docker, {
    url: 'unix:///var/run/docker.sock',
    isTls: false,
    pollMs: 300_000,
    rules: undefined,
    naming: 'legacy',
    prefix: '',
    figures: 'original',
    hostname: 'web-1',
  });
  t.deepEqual(config.adminListen, { host: '127.0.0.1', port: 8082 });
  t.false(config.adminListenChosen, 'a port that is taken is replaced');
  t.is(config.log.level, 'info');
});

test('a flag wins over its variable, and an empty variable is unset', (t) => {
  const env = { SRV_BACKSTOP: url, SRV_DOCKER: 'http://proxy:2375', SRV_POLL: '60s', SRV_RULES: '' };
  t.like(dockerOf({}, env), { url: 'http://proxy:2375', pollMs: 60_000, rules: undefined });
  t.like(dockerOf({ docker: 'unix:///x.sock', poll: '1h30m' }, env), { url: 'unix:///x.sock', pollMs: 5_400_000 });
  t.like(dockerOf({}, { SRV_BACKSTOP: url, SRV_DOCKER: '', SRV_POLL: '' }), { pollMs: 300_000 });
});

test("variables of the bridge, of Backstop and of Docker's host do not leak in", (t) => {
  const { config, warnings } = read(
    { backstop: url },
    {
      CATCHPOINT_BRIDGE_DOCKER_PREFIX: 'x',
      CATCHPOINT_BRIDGE_NONSENSE: 'x',
      CATCHPOINT_BRIDGE_LOG_LEVEL: 'silent',
      CARBON_URLS: 'carbon://c',
      PREFIXES: 'a',
      DOCKER_HOST: 'tcp://other:2375',
    },
  );
  t.deepEqual(warnings, []);
  t.is(config.graphite, undefined);
  t.is(config.backstop, undefined);
  t.is(config.log.level, 'info');
  t.like(config.docker, { prefix: '', url: 'unix:///var/run/docker.sock' });
});

test('--docker env asks DOCKER_HOST, and certificates come from where Docker has them', (t) => {
  const env = { DOCKER_HOST: 'tcp://engine:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
  t.like(dockerOf({ backstop: url, docker: 'env' }, env), {
    url: 'tcp://engine:2376',
    isTls: true,
    certDirectory: '/certs',
  });
});

test('a missing --backstop is wrong usage that names its variable', (t) => {
  const expected = [
    64,
    'backstop: expected --backstop or SRV_BACKSTOP with the URL to send to, found neither',
  ] as const;
  t.deepEqual(faultsOf({}), expected);
  t.deepEqual(faultsOf({ backstop: '' }, { SRV_BACKSTOP: url }), expected);
});

test("the poll is a duration of Go's alone, and the error names the flag or the variable", (t) => {
  for (const poll of ['60', '1d', '', '5 min', '1M'])
    t.deepEqual(
      faultsOf({ backstop: url, poll }),
      [64, `--poll: expected a duration in Go's notation such as 500ms, 60s or 1h30m, found ${JSON.stringify(poll)}`],
      poll,
    );
  t.deepEqual(faultsOf({ backstop: url }, { SRV_POLL: '60' }), [
    78,
    `SRV_POLL: expected a duration in Go's notation such as 500ms, 60s or 1h30m, found "60"`,
  ]);
  t.deepEqual(faultsOf({ backstop: url, poll: '1ms' }), [64, '--poll: expected from 100ms to 24h, found "1ms"']);
});

test('faults name the option of this command, not the setting of the bridge', (t) => {
  t.regex(faultsOf({ backstop: url, docker: 'ssh://h' })[1], /^--docker: expected unix/);
  t.regex(faultsOf({ backstop: url }, { SRV_DOCKER: 'ssh://h' })[1], /^SRV_DOCKER: expected unix/);
  t.regex(faultsOf({ backstop: url, figures: 'some' })[1], /^--figures: expected all or original, found "some"$/);
  t.regex(faultsOf({ backstop: url, hostname: 'a b' })[1], /^--hostname: expected 1 to 255 characters/);
});

test('a prefix becomes the only rule', (t) => {
  const prefix = '{"regexp":"^db","into":"data"}';
  t.is(dockerOf({ backstop: url, prefix })?.rules, `[${prefix}]`);
  t.is(dockerOf({ backstop: url }, { SRV_PREFIX: prefix })?.rules, `[${prefix}]`);
  t.is(dockerOf({ backstop: url, prefix: '' })?.rules, undefined);
});

test('a prefix and rules exclude each other; a flag wins over the other one’s variable', (t) => {
  const prefix = '{"regexp":"^db","into":"data"}';
  const rules = '[{"regexp":"^web"}]';
  t.deepEqual(faultsOf({ backstop: url, prefix, rules }), [64, '--prefix: expected it or --rules, found both']);
  t.deepEqual(faultsOf({ backstop: url }, { SRV_PREFIX: prefix, SRV_RULES: rules }), [
    78,
    'SRV_PREFIX: expected it or SRV_RULES, found both',
  ]);
  t.is(dockerOf({ backstop: url, rules }, { SRV_PREFIX: prefix })?.rules, rules);
  t.is(dockerOf({ backstop: url, prefix }, { SRV_RULES: rules })?.rules, `[${prefix}]`);
});

test('the state is below that of the bridge, or where a unit or --state-dir says', (t) => {
  const stateDirOf = (options: StatsInputs['options'], env: StatsInputs['env'] = {}): string =>
    read({ backstop: url, ...options }, env).config.stateDir;
  t.is(stateDirOf({}), '/home/x/.local/state/catchpoint-opentsdb-bridge/docker-stats');
  t.is(stateDirOf({}, { STATE_DIRECTORY: '/var/lib/bridge' }), '/var/lib/bridge/docker-stats');
  t.is(stateDirOf({}, { STATE_DIRECTORY: '/var/lib/bridge/docker-stats' }), '/var/lib/bridge/docker-stats');
  t.is(stateDirOf({ 'state-dir': '/srv/x' }), '/srv/x');
});

test('--verbose logs at the level debug', (t) => {
  t.is(read({ backstop: url, verbose: true, 'log-level': 'warn' }).config.log.level, 'debug');
  t.is(read({ backstop: url, 'log-level': 'warn' }).config.log.level, 'warn');
});

test('the URL of --backstop may have commas, as it is one', (t) => {
  const { config } = read({ backstop: 'http://user:a,b@backstop.example/publish/x,y' });
  t.deepEqual(config.backstopSink?.urls, ['http://user:a%2Cb@backstop.example/publish/x%2Cy']);
});

test('a password in --backstop is a warning that names SRV_BACKSTOP, and is not shown', (t) => {
  const secretUrl = 'http://u:hunter2@backstop.example/publish/docker';
  const { warnings, origins } = read({ backstop: secretUrl });
  t.deepEqual(warnings, ['--backstop: its password is visible in the process list; use SRV_BACKSTOP']);
  t.notRegex(JSON.stringify([warnings, origins]), /hunter/);
  t.deepEqual(read({}, { SRV_BACKSTOP: secretUrl }).warnings, []);
});

test('warnings beside a fault name the options of this command too', (t) => {
  const secretUrl = 'http://u:hunter2@backstop.example/publish/docker';
  const warningsBeside = (options: StatsInputs['options']): readonly string[] | undefined =>
    t.throws(() => read(options), { instanceOf: WrongConfiguration })?.warnings;
  t.deepEqual(warningsBeside({ backstop: secretUrl, rules: '{}' }), [
    '--backstop: its password is visible in the process list; use SRV_BACKSTOP',
  ]);
  t.deepEqual(warningsBeside({ backstop: url, docker: 'ssh://h', rules: '[]' }), []);
});
