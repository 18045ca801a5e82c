// Directories are made with their parents.

import test from 'ava';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../../src/runtime/make-directory.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

test('a directory is made with its parents, and an existing one keeps its mode', async (t) => {
  const root = await temporaryDirectory(t);
  makeDirectory(join(root, 'a/b/c'), 0o700);
  for (const path of ['a', 'a/b', 'a/b/c']) t.is(statSync(join(root, path)).mode & 0o777, 0o700, path);
  makeDirectory(join(root, 'a/b'), 0o755);
  t.is(statSync(join(root, 'a/b')).mode & 0o777, 0o700);
});

test('a file in the way and a dangling link are errors', async (t) => {
  const root = await temporaryDirectory(t);
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere'), join(root, 'link'));
  t.throws(() => makeDirectory(join(root, 'file')), { code: 'EEXIST' });
  t.throws(() => makeDirectory(join(root, 'file/below')), { code: 'ENOTDIR' });
  t.throws(() => makeDirectory(join(root, 'link')), { code: 'ENOENT' });
});

test('a path below /proc is an error and does not hang', (t) => {
  t.throws(() => makeDirectory('/proc/nothing-is-made-here/below'), { code: 'ENOENT' });
});
