// The settings of the Docker source: durations, where the engine is, and what Docker's own variables do.

import test from 'ava';
import { WrongConfiguration } from '../../../src/config/config.ts';
import { goDuration, goInterval } from '../../../src/config/settings/values.ts';
import { faultsOf, type Given, read } from '../given.ts';

const withoutCatchpoint = { catchpoint: false } as const;
const socket = 'unix:///var/run/docker.sock';
const dockerOf = (given: Given) => read({ ...given, flags: { ...withoutCatchpoint, ...given.flags } }).config.docker;
const warningsOf = (given: Given) =>
  read({ ...given, flags: { ...withoutCatchpoint, backstop: true, ...given.flags } }).warnings;

test("durations are read in Go's notation", (t) => {
  for (const [text, ms] of Object.entries({
    '60s': 60_000,
    '5m': 300_000,
    '1h30m': 5_400_000,
    '500ms': 500,
    '1.5h': 5_400_000,
    '.5s': 500,
    '1.s': 1000,
    '1h0m0.5s': 3_600_500,
    '2us': 0.002,
    '2µs': 0.002,
    '2μs': 0.002,
    '-1.5h': -5_400_000,
    '+3s': 3000,
    '0': 0,
    '-0': -0,
    '0s': 0,
  }))
    t.is(goDuration(text), ms, text);
  t.true(Math.abs(goDuration('2ns') - 2e-6) < 1e-18);
});

test('what is no duration in Go is refused', (t) => {
  for (const text of [
    '60',
    '1d',
    '',
    ' ',
    '1',
    's',
    '.s',
    '-',
    '1h 30m',
    '1H',
    '1min',
    '1e3s',
    '1,5s',
    '5m3',
    '00',
    '٣s',
  ])
    t.throws(
      () => goDuration(text),
      { message: `expected a duration in Go's notation such as 500ms, 60s or 1h30m, found ${JSON.stringify(text)}` },
      text,
    );
  t.throws(() => goInterval('100ms', '24h')('99ms'), { message: 'expected from 100ms to 24h, found "99ms"' });
  t.throws(() => goInterval('100ms', '24h')('24h1s'), { message: 'expected from 100ms to 24h, found "24h1s"' });
});

test("--docker-poll takes Go's durations and the intervals of the other settings, within bounds", (t) => {
  const pollOf = (dockerPoll: string) => dockerOf({ flags: { docker: socket, dockerPoll } })?.pollMs;
  for (const [text, ms] of Object.entries({
    '100ms': 100,
    '30s': 30_000,
    '1h30m': 5_400_000,
    '5 min': 300_000,
    '1.5M': 90_000,
    '24h': 86_400_000,
  }))
    t.is(pollOf(text), ms, text);
  for (const text of ['60', '1d', '99ms', '0', '-5m', '25h', '0.01 s'])
    t.regex(
      faultsOf({ flags: { docker: socket, dockerPoll: text } })[1] ?? '',
      /^--docker-poll: expected .*, found "/,
      text,
    );
});

test('without --docker there is no Docker source, whatever the variables of Docker say', (t) => {
  const env = { DOCKER_HOST: 'tcp://engine:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
  const { config, warnings } = read({ env, flags: { ...withoutCatchpoint, backstop: true } });
  t.is(config.docker, undefined);
  t.deepEqual(warnings, []);
});

test('by default Docker is polled every minute, named by tags', (t) => {
  t.deepEqual(dockerOf({ flags: { docker: socket } }), {
    url: socket,
    isTls: false,
    certDirectory: undefined,
    pollMs: 60_000,
    rules: undefined,
    include: [],
    exclude: [],
    labelTags: [
      { tag: 'project', label: 'com.docker.compose.project' },
      { tag: 'service', label: 'com.docker.compose.service' },
    ],
    naming: 'tags',
    prefix: 'docker',
    figures: 'all',
    hostname: undefined,
    concurrency: 100,
  });
});

test('legacy names have no prefix unless one is given', (t) => {
  t.is(dockerOf({ flags: { docker: socket, dockerNaming: 'legacy' } })?.prefix, '');
  t.is(dockerOf({ flags: { docker: socket, dockerNaming: 'legacy', dockerPrefix: 'a.b' } })?.prefix, 'a.b');
});

test('--docker env is where DOCKER_HOST says, else the usual socket', (t) => {
  const flags = { docker: 'env' };
  t.is(dockerOf({ flags })?.url, socket);
  t.is(dockerOf({ flags, env: { DOCKER_HOST: '' } })?.url, socket);
  const env = { DOCKER_HOST: 'tcp://engine:2376', DOCKER_TLS_VERIFY: '0', DOCKER_CERT_PATH: '/certs' };
  t.like(dockerOf({ flags, env }), { url: 'tcp://engine:2376', isTls: true, certDirectory: '/certs' });
  const shown = read({ flags: { ...withoutCatchpoint, ...flags }, env: { DOCKER_HOST: 'tcp://u:hunter2@e:1' } });
  t.is(shown.origins.find(({ name }) => name === 'docker')?.value, 'env: tcp://***@e:1');
});

test('a wrong DOCKER_HOST is a fault for --docker env alone', (t) => {
  const env = { DOCKER_HOST: 'ssh://user:hunter2@engine' };
  const [exitCode, fault = ''] = faultsOf({ flags: { ...withoutCatchpoint, docker: 'env' }, env });
  t.is(exitCode, 78);
  t.regex(fault, /^DOCKER_HOST: expected unix:\/\/\/path.*, found "ssh:\/\/\*\*\*@engine"$/);
  t.is(dockerOf({ flags: { docker: socket }, env })?.url, socket);
});

test('addresses of other kinds are refused, without their password', (t) => {
  for (const docker of [
    'ssh://user:hunter2@host',
    'npipe:////./pipe/docker_engine',
    'fd://',
    '/var/run/docker.sock',
    'x',
  ]) {
    const [exitCode, fault = ''] = faultsOf({ flags: { ...withoutCatchpoint, docker } });
    t.is(exitCode, 64, docker);
    t.regex(fault, /^--docker: expected unix:\/\/\/path/, docker);
    t.notRegex(fault, /hunter/);
  }
});

test('the password of --docker is not shown, and in a flag it is a warning', (t) => {
  const { origins, warnings } = read({ flags: { ...withoutCatchpoint, docker: 'https://u:hunter2@proxy:2376' } });
  t.notRegex(JSON.stringify([origins, warnings]), /hunter/);
  t.deepEqual(warnings, [
    '--docker: its password is visible in the process list; use CATCHPOINT_BRIDGE_DOCKER or a configuration file',
  ]);
  t.deepEqual(warningsOf({ env: { CATCHPOINT_BRIDGE_DOCKER: 'https://u:hunter2@proxy:2376' } }), []);
});

test('Docker is a source beside Catchpoint, or alone with --no-catchpoint', (t) => {
  const needsNodes = true;
  t.deepEqual(faultsOf({ needsNodes, flags: { ...withoutCatchpoint, docker: socket } }), [0]);
  t.deepEqual(faultsOf({ needsNodes, flags: { docker: socket, apiKey: 'k' } }), [0]);
  t.deepEqual(faultsOf({ needsNodes, flags: { docker: socket } }), [
    64,
    "credentials: expected --key and --secret (Catchpoint's REST API v1), --api-key (v2) or --nodes-file (no account), or --no-catchpoint to run Docker alone, found none of them",
  ]);
  const [, fault] = faultsOf({ needsNodes, flags: { ...withoutCatchpoint, docker: 'x' } });
  t.regex(fault ?? '', /^--docker: /, 'a wrong address is not a missing source as well');
});

test('settings without effect are warnings, but not the variables of Docker', (t) => {
  t.deepEqual(warningsOf({ flags: { dockerPoll: '30s', dockerTls: true } }), [
    '--docker-tls: without effect, there is no --docker',
    '--docker-poll: without effect, there is no --docker',
  ]);
  const flags = { ...withoutCatchpoint, docker: 'x', dockerPoll: '30s' };
  const wrongAddress = t.throws(() => read({ flags }), { instanceOf: WrongConfiguration });
  t.deepEqual(wrongAddress?.warnings, [], 'a wrong address is not a missing one');
  const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
  t.deepEqual(warningsOf({ flags: { docker: socket }, env }), []);
  t.deepEqual(warningsOf({ flags: { docker: socket, dockerTls: true, dockerCertPath: '/c' } }), [
    '--docker-tls: without effect, only tcp:// and https:// have TLS',
    '--docker-cert-path: without effect, the engine is reached without TLS',
  ]);
  t.deepEqual(warningsOf({ flags: { docker: 'tcp://e:1', dockerCertPath: '/c' } }), [
    '--docker-cert-path: without effect, the engine is reached without TLS',
  ]);
  t.deepEqual(warningsOf({ flags: { docker: 'https://e:1', dockerCertPath: '/c' } }), []);
  t.deepEqual(
    warningsOf({
      flags: { docker: socket, dockerNaming: 'legacy', dockerLabels: ['a'], opentsdb: false, graphite: ['c'] },
    }),
    ['--docker-labels: without effect, legacy names have no tags'],
  );
});

test('wrong rules, filters and labels are faults, with what was found', (t) => {
  const faultOf = (flags: Given['flags']): string | undefined =>
    faultsOf({ flags: { ...withoutCatchpoint, docker: socket, ...flags } })[1];
  t.regex(faultOf({ dockerRules: '{}' }) ?? '', /^--docker-rules: expected a JSON array of .*, found an object$/);
  t.regex(faultOf({ dockerRules: '[{"regexp":"("}]' }) ?? '', /^--docker-rules: rule 1: regexp: expected RE2 syntax/);
  t.is(
    faultOf({ dockerInclude: ['name=web-*,web'] }),
    '--docker-include: expected name=GLOB, label=NAME or label=NAME=GLOB, found "web"',
  );
  t.regex(faultOf({ dockerExclude: ['label='] }) ?? '', /^--docker-exclude: expected name=GLOB/);
  t.regex(faultOf({ dockerLabels: ['host=a'] }) ?? '', /^--docker-labels: expected a tag other than host/);
  t.regex(faultOf({ dockerLabels: ['a=x,a=y'] }) ?? '', /^--docker-labels: expected each tag once, found a again/);
});

test('rules with commas are one text, filters and labels are lists', (t) => {
  const rules = '[{"regexp":"a{1,2}","into":"b"},{"regexp":"c"}]';
  t.like(dockerOf({ flags: { docker: socket, dockerRules: rules, dockerInclude: ['name=a,label=b=c'] } }), {
    rules,
    include: ['name=a', 'label=b=c'],
  });
});

test('more labels than OpenTSDB has room for are a warning', (t) => {
  const flags = { docker: socket, dockerLabels: ['a,b,c,d,e'] };
  t.deepEqual(warningsOf({ flags }), [
    '--docker-labels: d, e: not written, OpenTSDB takes 8 tags, and host, container, image, category and interface may be among them',
  ]);
  t.deepEqual(warningsOf({ flags: { ...flags, dockerLabels: ['a,b,c'] } }), []);
});

test('legacy names are no warning: OpenTSDB gets them with its default tag', (t) => {
  t.deepEqual(warningsOf({ flags: { docker: socket, dockerNaming: 'legacy' } }), []);
});
