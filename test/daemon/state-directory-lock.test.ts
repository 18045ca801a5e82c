// One living owner per state directory.

import test from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { takeStateDirectory } from '../../src/daemon/state-directory-lock.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

test("a second owner is refused with the first one's process id", async (t) => {
  const directory = await temporaryDirectory(t);
  const first = await takeStateDirectory(directory, 101);
  const message = `state directory ${directory}: process 101 uses it; stop it, or choose another with --state-dir`;
  await t.throwsAsync(takeStateDirectory(directory, 102), { message, name: 'StateDirectoryTaken' });
  await first.release();
  await (await takeStateDirectory(directory, 102)).release();
});

test('if several processes start at once, exactly one becomes the owner', async (t) => {
  const directory = await temporaryDirectory(t);
  const taken = await Promise.allSettled([201, 202, 203, 204].map((pid) => takeStateDirectory(directory, pid)));
  const owners = taken.filter(({ status }) => status === 'fulfilled');
  t.is(owners.length, 1);
  for (const owner of owners) await (owner as PromiseFulfilledResult<{ release(): Promise<void> }>).value.release();
});

test('the directory of a killed owner is free for the next one', async (t) => {
  const directory = await temporaryDirectory(t);
  const script = `import { takeStateDirectory } from ${JSON.stringify(new URL('../../src/daemon/state-directory-lock.js', import.meta.url).href)};
    await takeStateDirectory(${JSON.stringify(directory)}, process.pid); console.log('taken'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await t.throwsAsync(takeStateDirectory(directory, 301), { message: new RegExp(`process ${child.pid} uses it`) });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await takeStateDirectory(directory, 301)).release();
  t.deepEqual(await readdir(directory), []);
});

test('a path too long for a socket is refused', async (t) => {
  const message = /its path is too long for a socket in it/;
  await t.throwsAsync(takeStateDirectory(`${await temporaryDirectory(t)}/${'x'.repeat(120)}`, 1), { message });
});

test('a path that cannot be a state directory is refused with the reason', async (t) => {
  const file = `${await temporaryDirectory(t)}/file`;
  await writeFile(file, '');
  const error = await t.throwsAsync(takeStateDirectory(file, 1), {
    name: 'StateDirectoryUnusable',
    message: `state directory ${file}: is no directory; move away what is there; or choose another with --state-dir`,
  });
  t.is((error as { exitCode?: number }).exitCode, 78);
});
