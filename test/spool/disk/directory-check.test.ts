// An unusable spool directory is refused with the path and what to do.

import test, { type ExecutionContext } from 'ava';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { PathUnusable, checkDirectory } from '../../../src/spool/disk/directory-check.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { mountedDisk } from '../../fakes/disks.ts';
import { requireTool } from '../../faults/missing-tool.ts';
import { otherUser } from '../../faults/left-out.ts';
import { rowTest } from '../../faults/row-test.ts';

function refused(t: ExecutionContext, directory: string): readonly [message: string, exitCode: number] {
  const error = t.throws(() => checkDirectory(directory), { instanceOf: PathUnusable });
  return [error?.message ?? '', error?.exitCode ?? 0];
}

test('a path of the wrong type is named, with exit code 78', async (t) => {
  const root = await temporaryDirectory(t);
  const [directory, file] = [join(root, 'spool'), join(root, 'file')];
  mkdirSync(join(directory, 'data.mdb'), { recursive: true });
  writeFileSync(file, '');
  t.deepEqual(refused(t, directory), [`${directory}/data.mdb: expected a file, found a directory; move it away`, 78]);
  t.deepEqual(refused(t, file), [`${file}: is no directory; move away what is there`, 78]);
  t.deepEqual(refused(t, join(file, 'spool')), [`${file}/spool: is not in a directory; move away what is there`, 78]);
});

const asAnother = ['setpriv', '--reuid', '65534', '--clear-groups'] as const;

/** Checks as another user if the test runs as root, which may access everything. */
function refusedTo(t: ExecutionContext, directory: string): string {
  const module = new URL('../../../src/spool/disk/directory-check.js', import.meta.url).href;
  const program = `import(${JSON.stringify(module)}).then((it) => it.checkDirectory(process.argv[1])).catch((error) => console.log(error.message, error.exitCode))`;
  const [command, ...args] = process.getuid?.() === 0 ? asAnother : ['env'];
  const { stdout, stderr, status } = spawnSync(command, [...args, process.execPath, '-e', program, directory], {
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
  return stdout.trim();
}

rowTest(otherUser, 'a path without permission is named, with exit code 77', async (t) => {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) requireTool(otherUser, 'setpriv', ['--version']);
  const root = await temporaryDirectory(t);
  chmodSync(root, 0o755);
  const directory = join(root, 'spool');
  mkdirSync(directory);
  for (const name of ['data.mdb', 'lock.mdb']) {
    const path = join(directory, name);
    writeFileSync(path, '');
    if (isRoot) execFileSync('chown', ['-R', '65534', root]);
    chmodSync(path, 0o400);
    t.is(
      refusedTo(t, directory),
      `${path}: permission denied; give it, and what is in it, to the user that runs the bridge 77`,
    );
    chmodSync(path, 0o600);
  }
  chmodSync(directory, 0);
  t.is(
    refusedTo(t, directory),
    `${directory}: permission denied; give it, and what is in it, to the user that runs the bridge 77`,
  );
  chmodSync(directory, 0o700);
});

rowTest('F12', 'a read-only disk is named, with exit code 73', async (t) => {
  const disk = await mountedDisk(t, 'F12', 1 << 20);
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  t.deepEqual(refused(t, join(disk, 'spool')), [
    `${join(disk, 'spool')}: its disk is mounted read-only; mount it for writing`,
    73,
  ]);
});
