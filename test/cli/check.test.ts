// `check` prints the settings with their origins, and a finding for each part that the configuration names.

import test, { type ExecutionContext } from 'ava';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from '../../src/cli/check.ts';
import { configChecks } from '../../src/cli/checks/all-checks.ts';
import { fault, type Finding, ok } from '../../src/cli/checks/finding.ts';
import type { ConfigRead } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';
import { account } from '../../src/simulator/rest/account.ts';
import { openRestApi } from '../../src/simulator/rest/rest-api.ts';
import { openTsd } from '../../src/simulator/tsd/tsd.ts';
import { world } from '../../src/simulator/world/world.ts';
import { certificate, newPrivateKey, privateKey } from '../fakes/certificate.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { checkContext } from './checks/check-context.ts';
import { configFrom, golden } from './context.ts';

/** The output of `check`, its settings and its findings apart, and its exit code. */
async function checked(
  read: ConfigRead,
  findings: readonly Finding[],
): Promise<{ settings: string[]; found: string[]; exitCode: number }> {
  let written = '';
  const exitCode = await check(read, [async () => findings], checkContext, (text) => void (written += text));
  const [settings = '', found = ''] = written.split('\n\n');
  return { settings: settings.split('\n'), found: found.trimEnd().split('\n'), exitCode };
}

/** The findings of the real checks, without times. */
async function findingsFor(flags: Flags, readFile = (): string => ''): Promise<string[]> {
  const read = configFrom(flags, { readFile });
  const findings = await Promise.all(configChecks.map((run) => run(read, checkContext)));
  return findings
    .flat()
    .map(
      ({ what, grade, words }) => `${what} ${grade === 'fault' ? 'FAILED' : grade} ${words.replace(/\d+ ms$/, '… ms')}`,
    );
}

async function restApi(t: ExecutionContext): Promise<string> {
  const api = await openRestApi({ ...account, clock: checkContext.clock, nodes: world({ count: 5 }) });
  t.teardown(api.close);
  return api.url;
}

test('settings are printed with values and origins, secrets without values', async (t) => {
  const read = configFrom(
    { key: 'hunter2', secret: 'hunter3', tsdbHost: ['http://u:hunter4@tsdb.example'] },
    { file: 'slices: [node, asn]\n' },
  );
  const { settings } = await checked(read, []);
  const cells = settings.map((line) => line.split(/ {2,}/));
  t.deepEqual(cells[0], ['setting', 'value', 'from']);
  for (const row of [
    ['key', '***', '--key'],
    ['tsdb-host', 'http://***@tsdb.example', '--tsdb-host'],
    ['slices', 'node, asn', 'bridge.yaml:1'],
    ['tsdb-ca', '-', 'default'],
  ])
    t.deepEqual(
      cells.find(([name]) => name === row[0]),
      row,
    );
  t.is(new Set(settings.slice(0, 3).map((line) => line.lastIndexOf('  '))).size, 1, 'the columns are aligned');
  t.notRegex(settings.join('\n'), /hunter/);
});

test('a very long value does not widen its column', async (t) => {
  const path = `/${'x'.repeat(100)}`;
  const { settings } = await checked(configFrom({ nodesFile: path }), []);
  t.true(settings.some((line) => line.startsWith('nodes-file ') && line.endsWith(` ${path}  --nodes-file`)));
  t.true(settings.filter((line) => line.startsWith('put ')).every((line) => line.length < 120));
});

test('the exit code is 69 after a fault, else 0', async (t) => {
  const good = ok('OpenTSDB', 'OpenTSDB 2.4.1');
  const bad = fault('Catchpoint v1', 'answered 401', 77, 'make a new one');
  t.like(await checked(configFrom(), [good]), { exitCode: 0, found: ['OpenTSDB  ok  OpenTSDB 2.4.1'] });
  t.like(await checked(configFrom(), [good, bad]), {
    exitCode: 69,
    found: ['OpenTSDB       ok      OpenTSDB 2.4.1', 'Catchpoint v1  FAILED  answered 401'],
  });
});

test('the state directory, OpenTSDB and both REST APIs are checked', async (t) => {
  const stateDir = join(await temporaryDirectory(t), 'not', 'yet');
  const tsd = await openTsd();
  t.teardown(tsd.close);
  const url = await restApi(t);
  const [state, opentsdb, ...catchpoint] = await findingsFor({
    ...account,
    stateDir,
    tsdbHost: [tsd.url],
    catchpointUrl: url,
  });
  t.is(state, `state directory ok ${stateDir} can be made`);
  t.regex(opentsdb ?? '', new RegExp(`^OpenTSDB ok ${tsd.url}: OpenTSDB \\S+, answered in … ms$`));
  t.regex(catchpoint[0] ?? '', new RegExp(`^Catchpoint v2 ok ${url}: the key is taken, \\d continents$`));
  t.is(catchpoint[1], `Catchpoint v1 ok ${url}: key and secret are taken, 5 nodes`);
});

test('a fault has the message of the error, without secrets', async (t) => {
  const stateDir = join(await temporaryDirectory(t), 'file');
  await writeFile(stateDir, '');
  const found = await findingsFor({
    stateDir,
    tsdbHost: ['http://u:hunter2@127.0.0.1:1/x'],
    catchpointUrl: await restApi(t),
    apiKey: 'hunter2',
  });
  t.is(found[0], `state directory FAILED ${stateDir}: expected a directory, found something else`);
  t.regex(found[1] ?? '', /^OpenTSDB FAILED http:\/\/127\.0\.0\.1:1\/x: .*(ECONNREFUSED|ERR_SOCKET)/);
  t.regex(found[2] ?? '', /^Catchpoint v2 FAILED GET \/api\/v2\/nodes\/groups\/nodelocations: answered 40[13] /);
  t.notRegex(found.join('\n'), /hunter/);
});

test('file mode does not contact OpenTSDB, and a nodes file replaces the REST API', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const nodesFile = join(stateDir, 'nodes.json');
  await writeFile(nodesFile, '[{"id":1,"active":true},{"id":2,"active":true}]');
  t.deepEqual(await findingsFor({ stateDir, nodesFile, fileMode: true }), [
    `state directory ok ${stateDir} can be written`,
    `file ok ${stateDir}/points.put; OpenTSDB is not contacted`,
    `nodes file ok ${nodesFile}: 2 nodes`,
  ]);
  t.is(
    (await findingsFor({ stateDir, nodesFile, fileMode: true, archive: nodesFile }))[1],
    `archive FAILED ${nodesFile}: expected a directory, found something else`,
  );
  const [, , missing] = await findingsFor({ stateDir, nodesFile: `${nodesFile}.gone`, fileMode: true });
  t.regex(missing ?? '', /^nodes file FAILED nodes file .*gone: cannot be read \(ENOENT/);
});

test('all errors of the node overrides are in one finding', async (t) => {
  const path = join(await temporaryDirectory(t), 'overrides.yaml');
  await writeFile(path, '312: { isp: China Unicom }\n');
  const found = async (): Promise<string | undefined> =>
    (await findingsFor({ nodeOverrides: path })).find((line) => line.startsWith('node overrides'));
  t.is(await found(), `node overrides ok ${path}: 1 nodes`);
  await writeFile(path, '312: { ips: x }\n0: {}\n');
  t.regex(
    (await found()) ?? '',
    /^node overrides FAILED .*:1: node 312: ips: no such field; did you mean isp\?; .*:2: expected the id of a node/,
  );
});

test('certificate, private key and token files are checked', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = (name: string): string => join(directory, name);
  await writeFile(path('cert.pem'), certificate);
  await writeFile(path('key.pem'), privateKey);
  await writeFile(path('other.pem'), newPrivateKey);
  await writeFile(path('tokens'), 'a-token-of-a-file-0123\nanother-of-a-file-0123\n', { mode: 0o600 });
  await writeFile(path('short'), 'short\n', { mode: 0o600 });
  const base = { fileMode: true, stateDir: directory, nodesFile: `${golden}nodes/v1.json` };
  // `readConfig` validates the token file as well; here it reads a valid text in its place.
  const about = async (what: string, flags: Flags): Promise<string[]> =>
    (await findingsFor({ ...base, ...flags }, () => 'a-token-of-a-file-0123')).filter((line) => line.startsWith(what));
  for (const [cert, key, pattern] of [
    ['cert.pem', 'key.pem', /^certificate ok .*cert\.pem: it is valid until 2\d{3}-/],
    ['cert.pem', 'other.pem', /^certificate FAILED tls-key: .*other\.pem: /],
    ['gone.pem', 'key.pem', /^certificate FAILED tls-cert: .*gone\.pem: ENOENT/],
  ] as const) {
    t.regex((await about('certificate', { tlsCert: path(cert), tlsKey: path(key) })).join(), pattern);
  }
  const tokens = (name: string) => about('push tokens', { pushTokenFile: [path(name)] });
  t.deepEqual(await tokens('tokens'), [`push tokens ok ${path('tokens')}: 2 tokens`]);
  t.regex((await tokens('short')).join(), /^push tokens FAILED push-token-file: .*short: line 1: expected a token/);
  await chmod(path('tokens'), 0o644);
  t.deepEqual(await tokens('tokens'), [
    `push tokens warning ${path('tokens')}: 2 tokens; everybody on the machine can read it`,
  ]);
});

test('a directory cannot be the output file', async (t) => {
  const directory = await temporaryDirectory(t);
  const flags = { file: directory, stateDir: directory, nodesFile: `${golden}nodes/v1.json` };
  t.true((await findingsFor(flags)).includes(`file FAILED ${directory}: expected a file, found a directory`));
});
