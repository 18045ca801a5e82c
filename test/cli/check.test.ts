// `check` shows what is in effect and where it comes from, and says what answers and what does not.

import test, { type ExecutionContext } from 'ava';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.ts';
import { check } from '../../src/cli/check.ts';
import { faulty, fine, type Finding } from '../../src/cli/probes/finding.ts';
import { probes } from '../../src/cli/probes/probes.ts';
import { type ConfigRead, readConfig } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';
import { account } from '../../src/simulator/rest/account.ts';
import { openRestApi } from '../../src/simulator/rest/rest-api.ts';
import { openTsd } from '../../src/simulator/tsd/tsd.ts';
import { world } from '../../src/simulator/world/world.ts';
import { certificate, newPrivateKey, privateKey } from '../fakes/certificate.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

const nodesGolden = new URL('../../../test/golden/nodes/', import.meta.url).pathname;

function read(flags: Flags, file?: string): ConfigRead {
  const nothing = { env: {}, readFile: () => '', canWriteIn: () => true };
  return readConfig(
    { flags, file: file === undefined ? undefined : { path: 'bridge.yaml', text: file }, ...nothing },
    { needsNodes: false },
  );
}

/** What `check` writes, its settings and its findings apart, and its exit code. */
async function checked(
  given: ConfigRead,
  findings: readonly Finding[],
): Promise<{ settings: string[]; found: string[]; exitCode: number }> {
  let written = '';
  const exitCode = await check({
    read: given,
    trials: [async () => findings],
    write: (text) => void (written += text),
  });
  const [settings = '', found = ''] = written.split('\n\n');
  return { settings: settings.split('\n'), found: found.trimEnd().split('\n'), exitCode };
}

/** What the real trials find, without the times. */
async function tried(flags: Flags, readFile = (): string => ''): Promise<string[]> {
  const ambient = { clock: systemClock(), random: () => 0.5, signal: new AbortController().signal };
  const { config } = readConfig(
    { flags, file: undefined, env: {}, readFile, canWriteIn: () => true },
    { needsNodes: false },
  );
  const findings = await Promise.all(probes(ambient).map((trial) => trial(config)));
  return findings
    .flat()
    .map(
      ({ what, grade, words }) => `${what} ${grade === 'fault' ? 'FAILED' : grade} ${words.replace(/\d+ ms$/, '… ms')}`,
    );
}

async function tsd(t: ExecutionContext): Promise<string> {
  const opened = await openTsd();
  t.teardown(opened.close);
  return opened.url;
}

async function restApi(t: ExecutionContext): Promise<string> {
  const api = await openRestApi({ ...account, clock: systemClock(), nodes: world({ count: 5 }) });
  t.teardown(api.close);
  return api.url;
}

test('settings show with their values and origins, secrets without their values', async (t) => {
  const given = read(
    { key: 'hunter2', secret: 'hunter3', tsdbHost: ['http://u:hunter4@tsdb.example'] },
    'slices: [node, asn]\n',
  );
  const { settings } = await checked(given, []);
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
  t.is(
    new Set(settings.slice(0, 3).map((line) => line.lastIndexOf('  '))).size,
    1,
    'the columns stand below each other',
  );
  t.notRegex(settings.join('\n'), /hunter/);
});

test('a value that is very long does not push the others to the right', async (t) => {
  const path = `/${'x'.repeat(100)}`;
  const { settings } = await checked(read({ nodesFile: path }), []);
  t.true(settings.some((line) => line.startsWith('nodes-file ') && line.endsWith(` ${path}  --nodes-file`)));
  t.true(settings.filter((line) => line.startsWith('put ')).every((line) => line.length < 120));
});

test('the exit code is 0 when everything answers, and 69 when something does not', async (t) => {
  const good = fine('OpenTSDB', 'OpenTSDB 2.4.1');
  const bad = faulty('Catchpoint v1', 'answered 401', 77, 'make a new one');
  t.like(await checked(read({}), [good]), { exitCode: 0, found: ['OpenTSDB  ok  OpenTSDB 2.4.1'] });
  t.like(await checked(read({}), [good, bad]), {
    exitCode: 69,
    found: ['OpenTSDB       ok      OpenTSDB 2.4.1', 'Catchpoint v1  FAILED  answered 401'],
  });
});

test('the state directory, OpenTSDB and both REST APIs are tried', async (t) => {
  const stateDir = join(await temporaryDirectory(t), 'not', 'yet');
  const [tsdbUrl, url] = [await tsd(t), await restApi(t)];
  const { key, secret, apiKey } = account;
  const [state, opentsdb, ...catchpoint] = await tried({
    stateDir,
    tsdbHost: [tsdbUrl],
    catchpointUrl: url,
    key,
    secret,
    apiKey,
  });
  t.is(state, `state directory ok ${stateDir} can be made`);
  t.regex(opentsdb ?? '', new RegExp(`^OpenTSDB ok ${tsdbUrl}: OpenTSDB \\S+, answered in … ms$`));
  t.regex(catchpoint[0] ?? '', new RegExp(`^Catchpoint v2 ok ${url}: the key is taken, \\d continents$`));
  t.is(catchpoint[1], `Catchpoint v1 ok ${url}: key and secret are taken, 5 nodes`);
});

test('what is refused or not there is said in its own words, without the secret', async (t) => {
  const directory = await temporaryDirectory(t);
  const stateDir = join(directory, 'file');
  await writeFile(stateDir, '');
  const flags = {
    stateDir,
    tsdbHost: ['http://u:hunter2@127.0.0.1:1/x'],
    catchpointUrl: await restApi(t),
    apiKey: 'hunter2',
  };
  const found = await tried(flags);
  t.is(found[0], `state directory FAILED ${stateDir}: expected a directory, found something else`);
  t.regex(found[1] ?? '', /^OpenTSDB FAILED http:\/\/127\.0\.0\.1:1\/x: .*(ECONNREFUSED|ERR_SOCKET)/);
  t.regex(found[2] ?? '', /^Catchpoint v2 FAILED GET \/api\/v2\/nodes\/groups\/nodelocations: answered 40[13] /);
  t.notRegex(found.join('\n'), /hunter/);
});

test('in file mode OpenTSDB is left alone, and a nodes file is read in place of the API', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const nodesFile = join(stateDir, 'nodes.json');
  await writeFile(nodesFile, '[{"id":1,"active":true},{"id":2,"active":true}]');
  t.deepEqual(await tried({ stateDir, nodesFile, fileMode: true }), [
    `state directory ok ${stateDir} can be written`,
    `file ok ${stateDir}/points.put; OpenTSDB is not contacted`,
    `nodes file ok ${nodesFile}: 2 nodes`,
  ]);
  t.is(
    (await tried({ stateDir, nodesFile, fileMode: true, archive: nodesFile }))[1],
    `archive FAILED ${nodesFile}: expected a directory, found something else`,
  );
  const [, , missing] = await tried({ stateDir, nodesFile: `${nodesFile}.gone`, fileMode: true });
  t.regex(missing ?? '', /^nodes file FAILED nodes file .*gone: cannot be read \(ENOENT/);
});

test('node overrides are read, and all that is wrong with them is said', async (t) => {
  const path = join(await temporaryDirectory(t), 'overrides.yaml');
  await writeFile(path, '312: { isp: China Unicom }\n');
  const found = async (): Promise<string | undefined> =>
    (await tried({ nodeOverrides: path })).find((line) => line.startsWith('node overrides'));
  t.is(await found(), `node overrides ok ${path}: 1 nodes`);
  await writeFile(path, '312: { ips: x }\n0: {}\n');
  t.regex(
    (await found()) ?? '',
    /^node overrides FAILED .*:1: node 312: ips: no such field; did you mean isp\?; .*:2: expected the id of a node/,
  );
});

test('a certificate, its key, and files of tokens are tried', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = (name: string): string => join(directory, name);
  await writeFile(path('cert.pem'), certificate);
  await writeFile(path('key.pem'), privateKey);
  await writeFile(path('other.pem'), newPrivateKey);
  await writeFile(path('tokens'), 'a-token-of-a-file-0123\nanother-of-a-file-0123\n', { mode: 0o600 });
  await writeFile(path('short'), 'short\n', { mode: 0o600 });
  const base = { fileMode: true, stateDir: directory, nodesFile: `${nodesGolden}v1.json` };
  // The reader of the configuration looks into a file of tokens as well; here it is given another one.
  const tokensOf = (name: string): Flags => ({ ...base, pushTokenFile: [path(name)] });
  const about = async (what: string, flags: Flags): Promise<string[]> =>
    (await tried(flags, () => 'a-token-of-a-file-0123')).filter((line) => line.startsWith(what));
  t.regex(
    (await about('certificate', { ...base, tlsCert: path('cert.pem'), tlsKey: path('key.pem') })).join(),
    /^certificate ok .*cert\.pem: it is valid until 2\d{3}-/,
  );
  t.regex(
    (await about('certificate', { ...base, tlsCert: path('cert.pem'), tlsKey: path('other.pem') })).join(),
    /^certificate FAILED tls-key: .*other\.pem: /,
  );
  t.regex(
    (await about('certificate', { ...base, tlsCert: path('gone.pem'), tlsKey: path('key.pem') })).join(),
    /^certificate FAILED tls-cert: .*gone\.pem: ENOENT/,
  );
  t.deepEqual(await about('push tokens', tokensOf('tokens')), [`push tokens ok ${path('tokens')}: 2 tokens`]);
  t.regex(
    (await about('push tokens', tokensOf('short'))).join(),
    /^push tokens FAILED push-token-file: .*short: line 1: expected a token/,
  );
  await chmod(path('tokens'), 0o644);
  t.deepEqual(await about('push tokens', tokensOf('tokens')), [
    `push tokens warning ${path('tokens')}: 2 tokens; everybody on the machine can read it`,
  ]);
});

test('a directory is no file to write points to', async (t) => {
  const directory = await temporaryDirectory(t);
  const flags = { file: directory, stateDir: directory, nodesFile: `${nodesGolden}v1.json` };
  t.true((await tried(flags)).includes(`file FAILED ${directory}: expected a file, found a directory`));
});
