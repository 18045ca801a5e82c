// Directories are made with those above them, and what cannot be made is an error.

import test from 'ava';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../../src/runtime/make-directory.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

test('a directory is made with those above it, and one that is there stays as it is', async (t) => {
  const root = await temporaryDirectory(t);
  makeDirectory(join(root, 'a/b/c'), 0o700);
  for (const path of ['a', 'a/b', 'a/b/c']) t.is(statSync(join(root, path)).mode & 0o777, 0o700, path);
  makeDirectory(join(root, 'a/b'), 0o755);
  t.is(statSync(join(root, 'a/b')).mode & 0o777, 0o700);
});

test('below a link to nowhere, below a file, and in the place of a file there is an error', async (t) => {
  const root = await temporaryDirectory(t);
  writeFileSync(join(root, 'file'), '');
  symlinkSync(join(root, 'nowhere'), join(root, 'link'));
  t.throws(() => makeDirectory(join(root, 'file')), { code: 'EEXIST' });
  t.throws(() => makeDirectory(join(root, 'file/below')), { code: 'ENOTDIR' });
  t.throws(() => makeDirectory(join(root, 'link')), { code: 'ENOENT' });
});

test('where nothing can be made there is an error, and an end', (t) => {
  t.throws(() => makeDirectory('/proc/nothing-is-made-here/below'), { code: 'ENOENT' });
});
