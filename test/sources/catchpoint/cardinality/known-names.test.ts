// The file of known names survives a restart, a torn line and a failed disk.

import test from 'ava';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../../../src/runtime/log.ts';
import { openKnownNames, readKnownNames } from '../../../../src/sources/catchpoint/cardinality/known-names.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';

const log = silentLog();

test('names are known after a restart, and are readable by another process', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const known = await openKnownNames({ stateDir, log });
  known.learn([
    ['test', '7'],
    ['error', '50010'],
  ]);
  known.learn([
    ['test', '8'],
    ['tag:Team', 'edge.web'],
  ]);
  await known.flush();
  for (const again of [await openKnownNames({ stateDir, log }), await readKnownNames(stateDir)]) {
    t.deepEqual(
      [again.count('test'), again.has('test', '8'), again.has('error', '50010'), again.has('tag:Team', 'edge.web')],
      [2, true, true, true],
    );
    t.deepEqual([again.has('test', '9'), again.has('node', '7'), again.count('node')], [false, false, 0]);
    t.deepEqual(
      [[...again.all('test')], again.kinds()],
      [
        ['7', '8'],
        ['test', 'error', 'tag:Team'],
      ],
    );
  }
  t.is((await stat(join(stateDir, 'known-words'))).mode & 0o777, 0o600);
});

test('the file has one line for each name', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const known = await openKnownNames({ stateDir, log });
  for (let id = 1; id <= 500; id += 1) known.learn([['test', String(id)]]);
  await known.flush();
  const lines = (await readFile(join(stateDir, 'known-words'), 'utf8')).trimEnd().split('\n');
  t.is(lines.length, 501);
});

test('a torn line is ignored, and the lines before it count', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'known-words');
  const known = await openKnownNames({ stateDir, log });
  known.learn([['test', '7']]);
  await known.flush();
  await writeFile(path, 'test 123', { flag: 'a' });
  const again = await openKnownNames({ stateDir, log });
  t.deepEqual([...again.all('test')], ['7']);
  again.learn([['test', '9']]);
  await again.flush();
  t.deepEqual([...(await readKnownNames(stateDir)).all('test')], ['7', '9']);
});

test('moves an unusable file aside', async (t) => {
  const stateDir = await temporaryDirectory(t);
  await writeFile(join(stateDir, 'known-words'), '{"a":1}');
  const known = await openKnownNames({ stateDir, log });
  t.is(known.count('test'), 0);
  t.is(await readFile(join(stateDir, 'known-words.broken'), 'utf8'), '{"a":1}');
});

test('rewrites the whole file after a failed write', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const path = join(stateDir, 'known-words');
  const known = await openKnownNames({ stateDir, log });
  await rm(path);
  await mkdir(path);
  known.learn([['test', '7']]);
  await known.flush();
  t.true(known.has('test', '7'));
  await rm(path, { recursive: true });
  known.learn([['test', '8']]);
  await known.flush();
  t.deepEqual([...(await readKnownNames(stateDir)).all('test')], ['7', '8']);
});
