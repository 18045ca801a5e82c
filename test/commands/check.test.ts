// `check` shows what is in effect and where it comes from, and says what answers and what does not.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { check, type Finding } from '../../src/commands/check.ts';
import { trials } from '../../src/commands/trials.ts';
import { type ConfigRead, readConfig } from '../../src/config.ts';
import type { Flags } from '../../src/settings/origins.ts';
import { account } from '../../src/simulator/rest/account.ts';
import { openRestApi } from '../../src/simulator/rest/rest-api.ts';
import { openTsd } from '../../src/simulator/tsd/tsd.ts';
import { world } from '../../src/simulator/world/world.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

function read(flags: Flags, file?: string): ConfigRead {
  const nothing = { env: {}, readFile: () => '', canWriteIn: () => true };
  return readConfig({ flags, file: file === undefined ? undefined : { path: 'bridge.yaml', text: file }, ...nothing }, { needsNodes: false });
}

/** What `check` writes, its settings and its findings apart, and its exit code. */
async function checked(given: ConfigRead, findings: readonly Finding[]): Promise<{ settings: string[]; found: string[]; exitCode: number }> {
  let written = '';
  const exitCode = await check({ read: given, trials: [async () => findings], write: (text) => void (written += text) });
  const [settings = '', found = ''] = written.split('\n\n');
  return { settings: settings.split('\n'), found: found.trimEnd().split('\n'), exitCode };
}

/** What the real trials find, without the times. */
async function tried(flags: Flags): Promise<string[]> {
  const ambient = { clock: systemClock(), random: () => 0.5, signal: new AbortController().signal };
  const { config } = read(flags);
  const findings = await Promise.all(trials(ambient).map((trial) => trial(config)));
  return findings.flat().map(({ what, ok, words }) => `${what} ${ok ? 'ok' : 'FAILED'} ${words.replace(/\d+ ms$/, '… ms')}`);
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
  const given = read({ key: 'hunter2', secret: 'hunter3', tsdbHost: ['http://u:hunter4@tsdb.example'] }, 'slices: [node, asn]\n');
  const { settings } = await checked(given, []);
  t.is(settings[0], 'setting          value                                              from');
  t.true(settings.includes('key              ***                                                --key'));
  t.true(settings.includes('tsdb-host        http://***@tsdb.example                            --tsdb-host'));
  t.true(settings.includes('slices           node, asn                                          bridge.yaml:1'));
  t.true(settings.includes('tsdb-ca          -                                                  default'));
  t.notRegex(settings.join('\n'), /hunter/);
});

test('a value that is very long does not push the others to the right', async (t) => {
  const path = `/${'x'.repeat(100)}`;
  const { settings } = await checked(read({ nodesFile: path }), []);
  t.true(settings.includes(`nodes-file       ${path}  --nodes-file`));
  t.true(settings.includes('put              http                                               default'));
});

test('the exit code is 0 when everything answers, and 69 when something does not', async (t) => {
  const good = { what: 'OpenTSDB', ok: true, words: 'OpenTSDB 2.4.1' };
  const bad = { what: 'Catchpoint v1', ok: false, words: 'answered 401' };
  t.like(await checked(read({}), [good]), { exitCode: 0, found: ['OpenTSDB  ok  OpenTSDB 2.4.1'] });
  t.like(await checked(read({}), [good, bad]), { exitCode: 69, found: ['OpenTSDB       ok      OpenTSDB 2.4.1', 'Catchpoint v1  FAILED  answered 401'] });
});

test('the state directory, OpenTSDB and both REST APIs are tried', async (t) => {
  const stateDir = join(await temporaryDirectory(t), 'not', 'yet');
  const [tsdbUrl, url] = [await tsd(t), await restApi(t)];
  const { key, secret, apiKey } = account;
  const [state, opentsdb, ...catchpoint] = await tried({ stateDir, tsdbHost: [tsdbUrl], catchpointUrl: url, key, secret, apiKey });
  t.is(state, `state directory ok ${stateDir} can be made`);
  t.regex(opentsdb ?? '', new RegExp(`^OpenTSDB ok ${tsdbUrl}: OpenTSDB \\S+, answered in … ms$`));
  t.regex(catchpoint[0] ?? '', new RegExp(`^Catchpoint v2 ok ${url}: the key is taken, \\d continents$`));
  t.is(catchpoint[1], `Catchpoint v1 ok ${url}: key and secret are taken, 5 nodes`);
});

test('what is refused or not there is said in its own words, without the secret', async (t) => {
  const directory = await temporaryDirectory(t);
  const stateDir = join(directory, 'file');
  await writeFile(stateDir, '');
  const flags = { stateDir, tsdbHost: ['http://u:hunter2@127.0.0.1:1/x'], catchpointUrl: await restApi(t), apiKey: 'hunter2' };
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
  t.is((await tried({ stateDir, nodesFile, fileMode: true, archive: nodesFile }))[1], `archive FAILED ${nodesFile}: expected a directory, found something else`);
  const [, , missing] = await tried({ stateDir, nodesFile: `${nodesFile}.gone`, fileMode: true });
  t.regex(missing ?? '', /^nodes file FAILED nodes file .*gone: cannot be read \(ENOENT/);
});
