// How Backstop is switched on, by its own flags or by the environment that it had, and Catchpoint off.

import test from 'ava';
import { type Config, readConfig, WrongConfiguration } from '../../../src/config/config.ts';

interface Given {
  readonly flags?: Parameters<typeof readConfig>[0]['flags'];
  readonly env?: Readonly<Record<string, string>>;
}

function read({ flags = {}, env = {} }: Given): ReturnType<typeof readConfig> {
  return readConfig({ flags, env, readFile: () => '', canWriteIn: () => true }, { needsNodes: true });
}

function faultOf(given: Given): string {
  try {
    read(given);
    return '';
  } catch (error) {
    if (error instanceof WrongConfiguration) return `${error.exitCode} ${error.message}`;
    throw error;
  }
}

const credentials = { key: 'K', secret: 'S' };
const sources = ({ config }: { readonly config: Config }): (boolean | number | undefined)[] => [
  config.takesCatchpoint,
  config.backstop?.listen.port,
];

test('Catchpoint alone is taken unless somebody says otherwise', (t) => {
  t.deepEqual(sources(read({ flags: credentials })), [true, undefined]);
  t.deepEqual(sources(read({ flags: { ...credentials, backstop: true } })), [true, 3000]);
  t.deepEqual(sources(read({ flags: { backstop: true, catchpoint: false } })), [false, 3000]);
});

test('without credentials Catchpoint must be switched off, and something else on', (t) => {
  t.regex(faultOf({ flags: { backstop: true } }), /^64 credentials: expected/);
  t.regex(faultOf({ env: { CATCHPOINT_BRIDGE_BACKSTOP: 'true' } }), /^64 credentials: expected/);
  t.is(
    faultOf({ flags: { catchpoint: false } }),
    '64 --no-catchpoint: expected another source with it, such as --backstop, found none',
  );
});

test("the environment that a deployment of Backstop has runs Backstop, and says that Catchpoint's pushes are not taken", (t) => {
  const env = {
    CARBON_URLS: 'carbon://localhost:2003',
    PREFIXES: 'test,secret',
    API_KEY: '12345',
    BACKSTOP_AUTH: 'a:b,u:p:w',
    PORT: '5000',
  };
  const { config, warnings } = read({ env });
  t.false(config.takesCatchpoint);
  t.deepEqual(config.backstop, {
    listen: { host: '', port: 5000 },
    naming: 'legacy',
    auth: ['a:b', 'u:p:w'],
    prefixes: ['test', 'secret'],
    prefix: '12345',
    githubSecrets: [],
    pagerDutySecrets: [],
    typesFile: undefined,
  });
  t.deepEqual(warnings, [
    "CARBON_URLS: Backstop alone is run; Catchpoint's pushes are not taken, there are no credentials",
  ]);
});

test('in that environment Catchpoint is taken as well where it has credentials, or is asked for', (t) => {
  const env = { PREFIXES: 'test', PORT: '5000' };
  t.deepEqual(sources(read({ env, flags: credentials })), [true, 5000]);
  t.deepEqual(
    read({ env, flags: credentials }).warnings.filter((words) => words.includes('Backstop')),
    [],
  );
  t.regex(faultOf({ env, flags: { catchpoint: true } }), /^64 credentials: expected/);
  t.deepEqual(sources(read({ env, flags: { ...credentials, backstop: false } })), [true, undefined]);
});

test("the bridge's own names go before Backstop's", (t) => {
  const env = {
    PREFIXES: 'old',
    CATCHPOINT_BRIDGE_BACKSTOP_PREFIXES: 'new',
    CATCHPOINT_BRIDGE_GITHUB_SECRET: 'one, and more\ntwo',
  };
  t.like(read({ env }).config.backstop, { prefixes: ['new'], githubSecrets: ['one, and more', 'two'] });
});

test('what cannot be is refused without quoting a secret', (t) => {
  t.is(
    faultOf({ env: { PREFIXES: 'a', BACKSTOP_AUTH: 'hunter2' } }),
    '78 BACKSTOP_AUTH: expected user:password, found a text without a user and a colon',
  );
  t.regex(faultOf({ env: { PREFIXES: 'a', API_KEY: 'x y' } }), /^78 API_KEY: expected 1 to 100 characters that print/);
  t.regex(faultOf({ env: { PREFIXES: 'a', PORT: 'http' } }), /^78 PORT: expected \[host:\]port/);
});

test('secrets do not show, and are warned of on the command line', (t) => {
  const flags = { backstop: true, catchpoint: false, backstopAuth: ['u:hunter2'], pagerdutySecret: ['hunter3'] };
  const { origins, warnings } = read({ flags });
  t.notRegex(JSON.stringify([origins, warnings]), /hunter/);
  t.deepEqual(warnings, [
    '--backstop-auth: visible in the process list; use CATCHPOINT_BRIDGE_BACKSTOP_AUTH or a configuration file',
    '--pagerduty-secret: visible in the process list; use CATCHPOINT_BRIDGE_PAGERDUTY_SECRET or a configuration file',
  ]);
});

test("Backstop's settings without Backstop are said to be without effect; another program's variables are not", (t) => {
  const { warnings } = read({ flags: { ...credentials, backstopNaming: 'tags' }, env: { PORT: '5000', API_KEY: 'x' } });
  t.deepEqual(
    warnings.filter((words) => words.includes('ackstop')),
    ['--backstop-naming: without effect, there is no --backstop'],
  );
});
