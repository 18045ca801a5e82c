// Backstop is switched on by flags or by its own environment variables, which may switch Catchpoint off.

import test from 'ava';
import type { ConfigRead } from '../../../src/config/config.ts';
import { faultsOf, type Given, read } from '../given.ts';

const readWithNodes = (given: Given): ConfigRead => read({ readFile: () => '', needsNodes: true, ...given });
const faultOf = (given: Given): string => faultsOf({ readFile: () => '', needsNodes: true, ...given }).join(' ');

const credentials = { key: 'K', secret: 'S' };
const sources = ({ config }: ConfigRead): (boolean | number | undefined)[] => [
  config.takesCatchpoint,
  config.backstop?.listen.port,
];

test('by default Catchpoint is on and Backstop off', (t) => {
  t.deepEqual(sources(readWithNodes({ flags: credentials })), [true, undefined]);
  t.deepEqual(sources(readWithNodes({ flags: { ...credentials, backstop: true } })), [true, 3000]);
  t.deepEqual(sources(readWithNodes({ flags: { backstop: true, catchpoint: false } })), [false, 3000]);
});

test('without credentials Catchpoint must be off and another source on', (t) => {
  t.regex(faultOf({ flags: { backstop: true } }), /^64 credentials: expected/);
  t.regex(faultOf({ env: { CATCHPOINT_BRIDGE_BACKSTOP: 'true' } }), /^64 credentials: expected/);
  t.is(
    faultOf({ flags: { catchpoint: false } }),
    '64 --no-catchpoint: expected another source with it, such as --backstop or --docker, found none',
  );
});

test('the environment of a Backstop deployment runs Backstop alone, with a warning', (t) => {
  const env = {
    CARBON_URLS: 'carbon://localhost:2003',
    PREFIXES: 'test,secret',
    API_KEY: '12345',
    BACKSTOP_AUTH: 'a:b,u:p:w',
    PORT: '5000',
  };
  const { config, warnings } = readWithNodes({ env });
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

test('in the environment of a Backstop deployment credentials or --catchpoint enable Catchpoint', (t) => {
  const env = { PREFIXES: 'test', PORT: '5000' };
  t.deepEqual(sources(readWithNodes({ env, flags: credentials })), [true, 5000]);
  t.deepEqual(
    readWithNodes({ env, flags: credentials }).warnings.filter((words) => words.includes('Backstop')),
    [],
  );
  t.regex(faultOf({ env, flags: { catchpoint: true } }), /^64 credentials: expected/);
  t.deepEqual(sources(readWithNodes({ env, flags: { ...credentials, backstop: false } })), [true, undefined]);
});

test("the bridge's variables take precedence over Backstop's", (t) => {
  const env = {
    PREFIXES: 'old',
    CATCHPOINT_BRIDGE_BACKSTOP_PREFIXES: 'new',
    CATCHPOINT_BRIDGE_GITHUB_SECRET: 'one, and more\ntwo',
  };
  t.like(readWithNodes({ env }).config.backstop, { prefixes: ['new'], githubSecrets: ['one, and more', 'two'] });
});

test('faults do not quote secrets', (t) => {
  t.is(
    faultOf({ env: { PREFIXES: 'a', BACKSTOP_AUTH: 'hunter2' } }),
    '78 BACKSTOP_AUTH: expected user:password, found a text without a user and a colon',
  );
  t.regex(faultOf({ env: { PREFIXES: 'a', API_KEY: 'x y' } }), /^78 API_KEY: expected 1 to 100 characters that print/);
  t.regex(faultOf({ env: { PREFIXES: 'a', PORT: 'http' } }), /^78 PORT: expected \[host:\]port/);
});

test('secrets are not shown, and flags with secrets are a warning', (t) => {
  const flags = { backstop: true, catchpoint: false, backstopAuth: ['u:hunter2'], pagerdutySecret: ['hunter3'] };
  const { origins, warnings } = readWithNodes({ flags });
  t.notRegex(JSON.stringify([origins, warnings]), /hunter/);
  t.deepEqual(warnings, [
    '--backstop-auth: visible in the process list; use CATCHPOINT_BRIDGE_BACKSTOP_AUTH or a configuration file',
    '--pagerduty-secret: visible in the process list; use CATCHPOINT_BRIDGE_PAGERDUTY_SECRET or a configuration file',
  ]);
});

test("Backstop's flags without --backstop are a warning; Backstop's variables are not", (t) => {
  const { warnings } = readWithNodes({
    flags: { ...credentials, backstopNaming: 'tags' },
    env: { PORT: '5000', API_KEY: 'x' },
  });
  t.deepEqual(
    warnings.filter((words) => words.includes('ackstop')),
    ['--backstop-naming: without effect, there is no --backstop'],
  );
});
