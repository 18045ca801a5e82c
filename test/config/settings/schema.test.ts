// The schema of the configuration file accepts and refuses the same files as the bridge.

import test from 'ava';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { nameOf } from '../../../src/config/settings/names.ts';
import { configSchema } from '../../../src/config/settings/schema.ts';
import { settingEntries } from '../../../src/config/settings/settings.ts';
import { faultsOf } from '../given.ts';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, allErrors: true }).compile(
  configSchema(),
);

const faultOf = (file: string): string =>
  faultsOf({ file, env: { HOME: '/home/x' }, readFile: () => 'x' })
    .slice(1)
    .join('\n');

const accepted: readonly string[] = [
  '{}',
  'listen: 8080',
  'listen: "[::1]:8080"\nadmin-listen: 127.0.0.1:8081',
  'max-body-bytes: 2048',
  'max-body-bytes: 1.5 MiB',
  'tsdb-host: tsdb.example',
  'tsdb-host: a, b:4243',
  'tsdb-host: [a, "http://u:p@b/x"]',
  'tsdb-port: 4242',
  'tsdb-port: "4242"',
  'put: telnet',
  'assign-uids: false',
  'timings: yes',
  'timings: 1',
  'timings: "ON"',
  'tsdb-header: "X-A: b"',
  'tsdb-header: ["X-A: b", "X-B: c"]',
  'tsdb-header: [{X-A: b}, {X-B: 1}]',
  'tsdb-header: {X-A: b, X-B: 1}',
  'tsdb-header: []',
  'refresh-hours: 90m',
  'refresh-hours: 0.5',
  'slices: node',
  'slices: node,asn',
  'slices: [node, asn]',
  'key: 007\nsecret: abc',
  'catchpoint-url: https://io.catchpoint.com',
  'metric-prefix: my.prefix',
  'spool-max-bytes: 2GiB',
  'archive: /var/archive\narchive-days: 7',
  'log-level: silent',
  'state-dir: /srv/bridge',
  'docker: env',
  'docker: unix:///var/run/docker.sock\ndocker-poll: 1h30m\ndocker-include: [name=web-*, label=a]',
  'docker: tcp://engine:2376\ndocker-tls: true\ndocker-labels: team=org.example.team',
  'docker: https://engine\ndocker-concurrency: 5\ndocker-rules: \'[{"regexp":"^a"}]\'',
];

const refused: readonly string[] = [
  'lisen: 8080',
  'config: other.yaml',
  'listen: 65536',
  'listen: true',
  'listen: nowhere',
  'listen: [8080]',
  'listen: {port: 8080}',
  'listen:',
  'max-body-bytes: 5',
  'max-body-bytes: 1.5',
  'max-body-bytes: big',
  'tsdb-host: []',
  'tsdb-host: [a, null]',
  'tsdb-host: [[a]]',
  'tsdb-host: {a: b}',
  'tsdb-port: 0',
  'tsdb-port: http',
  'put: HTTP',
  'put: true',
  'assign-uids: maybe',
  'assign-uids: 2',
  'assign-uids: [true]',
  'tsdb-header: nothing',
  'tsdb-header: [true]',
  'refresh-hours: 1000',
  'refresh-hours: soon',
  'slices: [node, nowhere]',
  'slices: [true]',
  'archive: true',
  'archive-days: 0',
  'state-dir: " "',
  'catchpoint-url: io.catchpoint.com',
  'metric-prefix: a b',
  'metric-prefix: a.',
  'log-level: loud',
  'docker: /var/run/docker.sock',
  'docker: ssh://engine',
  'docker-naming: dotted',
  'docker-concurrency: 0',
];

test('the schema accepts every configuration that the bridge accepts', (t) => {
  for (const text of accepted) {
    t.is(faultOf(text), '', text);
    t.true(validate(parse(text)), `${text}: ${JSON.stringify(validate.errors)}`);
  }
});

test('the schema refuses every configuration that the bridge refuses', (t) => {
  for (const text of refused) {
    t.regex(faultOf(text), /^bridge\.yaml:1: /, text);
    t.false(validate(parse(text)), text);
  }
});

test('every setting of the file has a description and a valid default', (t) => {
  const { properties } = configSchema() as { properties: Readonly<Record<string, { description: string }>> };
  for (const [key, setting] of settingEntries) {
    const described = properties[nameOf(key)]?.description;
    t.is(described === undefined, setting.isNotInFile === true, key);
    if (described !== undefined) t.true(described.includes(setting.help), key);
    if (setting.default !== undefined) t.true(validate({ [nameOf(key)]: setting.default }), key);
  }
});

test('the published schema is up to date', (t) => {
  const published = readFileSync(
    new URL('../../../../contrib/schema/configuration.schema.json', import.meta.url),
    'utf8',
  );
  t.deepEqual(JSON.parse(published), configSchema(), 'npm run derived updates it');
});
