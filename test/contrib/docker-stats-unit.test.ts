// The systemd unit of docker-stats is valid and confined, and shares nothing with the unit of the bridge.

import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { analysis, unitValues } from './systemd-analyze.ts';

const folder = new URL('../../../contrib/systemd/', import.meta.url).pathname;
const name = 'catchpoint-opentsdb-bridge-docker-stats.service';
const unit = readFileSync(join(folder, name), 'utf8');
const bridge = readFileSync(join(folder, 'catchpoint-opentsdb-bridge.service'), 'utf8');
const valuesOf = (key: string): string[] => unitValues(unit, key);

/** Writes the unit, with a program that every machine has. */
async function installed(t: ExecutionContext, change = (one: string): string => one): Promise<string> {
  const path = join(await temporaryDirectory(t), name);
  await writeFile(path, change(unit.replace('ExecStart=catchpoint-opentsdb-bridge', 'ExecStart=/bin/true')));
  return path;
}

test('systemd-analyze verify accepts the unit', async (t) => {
  t.deepEqual(await analysis(await installed(t), 'verify'), { code: 0, output: '' });
});

test('systemd-analyze security rates the exposure at 1.5 at most', async (t) => {
  const { code, output } = await analysis(await installed(t), 'security', '--offline=true', '--threshold=15');
  t.is(code, 0, output);
  t.regex(output, /Overall exposure level for catchpoint-opentsdb-bridge-docker-stats.service: 1\.\d OK/);
});

test('a unit without confinement is rejected', async (t) => {
  const bare = await installed(t, (one) => one.replaceAll(/^(?:Protect|Private|Restrict|SystemCall|Capab).*$/gm, ''));
  t.not((await analysis(bare, 'security', '--offline=true', '--threshold=15')).code, 0);
});

test('every confinement of the unit of the bridge holds here too', (t) => {
  const confining =
    /^(?:Protect|Private|Restrict|SystemCall|Capability|NoNew|Lock|ProcSubset|DevicePolicy|UMask|LimitCORE).*$/gm;
  const lines = bridge.match(confining) ?? [];
  t.true(lines.length > 25);
  t.deepEqual(
    lines.filter((line) => !unit.split('\n').includes(line)),
    [],
  );
});

test('the unit has a user, a state directory and a file of variables of its own', (t) => {
  t.deepEqual(valuesOf('SupplementaryGroups'), ['docker']);
  t.deepEqual(valuesOf('DynamicUser'), ['yes']);
  t.not(valuesOf('User')[0], unitValues(bridge, 'User')[0]);
  const [stateDirectory = ''] = valuesOf('StateDirectory');
  t.not(stateDirectory, unitValues(bridge, 'StateDirectory')[0]);
  t.true(valuesOf('ExecStart')[0]?.includes(` --state-dir=/var/lib/${stateDirectory} `));
  t.deepEqual(valuesOf('EnvironmentFile'), ['/etc/catchpoint-opentsdb-bridge/docker-stats.env']);
});

test('systemd restarts it without a limit, but not after wrong usage or configuration', (t) => {
  const restart = ['Restart', 'RestartPreventExitStatus', 'StartLimitIntervalSec', 'Type'];
  t.deepEqual(restart.map(valuesOf), [['on-failure'], ['64 78'], ['0'], ['notify']]);
});
