// The systemd unit is valid and confined, and its variables are settings.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentNameOf } from '../../src/config/settings/names.ts';
import { settingEntries } from '../../src/config/settings/settings.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { analysis, unitValues } from './systemd-analyze.ts';

const folder = new URL('../../../contrib/systemd/', import.meta.url).pathname;
const name = 'catchpoint-opentsdb-bridge.service';
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
const unit = text(name);
const dropIns = ['rest-v1.conf', 'rest-v2.conf', 'push-token.conf', 'tls.conf'];

const valuesOf = (key: string, from = unit): string[] => unitValues(from, key);

/** Writes the unit and its drop-ins, with a program that every machine has. */
async function installed(t: ExecutionContext, change = (one: string): string => one): Promise<string> {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, `${name}.d`));
  for (const dropIn of dropIns) await copyFile(join(folder, dropIn), join(directory, `${name}.d`, dropIn));
  await writeFile(
    join(directory, name),
    change(unit.replace('ExecStart=catchpoint-opentsdb-bridge', 'ExecStart=/bin/true')),
  );
  return join(directory, name);
}

test('systemd-analyze verify accepts the unit with every drop-in', async (t) => {
  t.deepEqual(await analysis(await installed(t), 'verify'), { code: 0, output: '' });
});

test('systemd-analyze verify reports an unknown key', async (t) => {
  const { output } = await analysis(
    await installed(t, (one) => one.replace('RestartSec=5', 'RestartSecs=5')),
    'verify',
  );
  t.regex(output, /RestartSecs/);
});

test('systemd-analyze security rates the exposure at 1.5 at most', async (t) => {
  const { code, output } = await analysis(
    await installed(t),
    'security',
    '--offline=true',
    '--threshold=15',
    '--no-pager',
  );
  t.is(code, 0, output);
  t.regex(output, /Overall exposure level for catchpoint-opentsdb-bridge.service: 1\.\d OK/);
});

test('systemd-analyze security rejects a unit without confinement', async (t) => {
  const bare = await installed(t, (one) => one.replaceAll(/^(?:Protect|Private|Restrict|SystemCall|Capab).*$/gm, ''));
  t.not((await analysis(bare, 'security', '--offline=true', '--threshold=15', '--no-pager')).code, 0);
});

test('every variable is a setting, and each drop-in loads the credential that it passes', (t) => {
  const known = ['NODE_ENV', ...settingEntries.map(([key]) => environmentNameOf(key))];
  const given = valuesOf('Environment', [unit, ...dropIns.map(text)].join('\n')).map(
    (one) => one.split('=') as [string, string],
  );
  t.deepEqual(
    given.filter(([variable]) => !known.includes(variable)),
    [],
  );
  for (const dropIn of dropIns) {
    const loaded = valuesOf('LoadCredential', text(dropIn)).map((one) => `%d/${one.split(':')[0]}`);
    const read = valuesOf('Environment', text(dropIn)).map((one) => one.split('=')[1]);
    t.true(loaded.length > 0);
    t.deepEqual(read, loaded);
  }
});

test('the unit has no secret, only files with secrets', (t) => {
  const secrets = settingEntries
    .filter(([, { isSecret }]) => isSecret === true)
    .map(([key]) => `${environmentNameOf(key)}=`);
  t.true(secrets.length > 2);
  for (const file of [name, ...dropIns])
    t.deepEqual(
      secrets.filter((secret) => text(file).includes(secret)),
      [],
      file,
    );
});

test('systemd restarts the bridge without a limit, but not after wrong usage or configuration', (t) => {
  t.deepEqual(
    [valuesOf('Restart'), valuesOf('RestartPreventExitStatus'), valuesOf('StartLimitIntervalSec')],
    [['on-failure'], ['64 78'], ['0']],
  );
});

test('the stop timeout exceeds 15 s for pushes in flight and 10 s for the backlog', (t) => {
  t.true(Number(valuesOf('TimeoutStopSec')[0]) > 25);
});

test('systemd-sysusers creates the user of the unit', (t) => {
  const [kind, user] =
    text('catchpoint-opentsdb-bridge.sysusers.conf')
      .split('\n')
      .filter((line) => !line.startsWith('#'))[0]
      ?.split(' ') ?? [];
  t.deepEqual([kind, user], ['u', valuesOf('User')[0]]);
});
