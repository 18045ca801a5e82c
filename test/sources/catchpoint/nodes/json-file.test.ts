// A JSON file is replaced atomically, and unusable content is moved aside.

import test, { type ExecutionContext } from 'ava';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { silentLog } from '../../../../src/runtime/log.ts';
import { jsonFile, type JsonFile } from '../../../../src/sources/catchpoint/nodes/json-file.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';

async function openFile(t: ExecutionContext): Promise<JsonFile<{ readonly numbers: readonly number[] }>> {
  const path = join(await temporaryDirectory(t), 'below', 'kept.json');
  const parse = (json: unknown) => {
    const numbers = (json as { numbers?: unknown } | null)?.numbers;
    if (!Array.isArray(numbers)) throw new Error('numbers: expected an array');
    return { numbers: numbers as number[] };
  };
  return jsonFile({ path, parse, log: silentLog() });
}

test('read returns undefined before the first write, and the written value after it', async (t) => {
  const file = await openFile(t);
  t.is(await file.read(), undefined);
  t.is(await file.modifiedAtMs(), undefined);
  await file.write({ numbers: [1, 2] });
  t.deepEqual(await file.read(), { numbers: [1, 2] });
  t.is((await stat(file.path)).mode & 0o777, 0o600);
});

test('a write replaces the file with a new one', async (t) => {
  const file = await openFile(t);
  await file.write({ numbers: [1] });
  const before = await stat(file.path);
  const [old] = await Promise.all([readFile(file.path, 'utf8'), file.write({ numbers: [2] })]);
  t.true(['{"numbers":[1]}\n', '{"numbers":[2]}\n'].includes(old));
  t.not((await stat(file.path)).ino, before.ino);
  t.deepEqual(await readdir(dirname(file.path)), ['kept.json']);
});

test('a read during a write sees the old or the new content', async (t) => {
  const file = await openFile(t);
  const numbers = Array.from({ length: 20_000 }, (_, index) => index);
  await file.write({ numbers });
  const writes = (async () => {
    for (let round = 0; round < 10; round += 1) await file.write({ numbers: [...numbers, round] });
  })();
  for (let round = 0; round < 30; round += 1) t.true(((await file.read())?.numbers.length ?? 0) >= 20_000);
  await writes;
});

for (const [title, text] of [
  ['half a file', '{"numbers":[1,'],
  ['an empty file', ''],
  ['a foreign file', '{"other":true}'],
  ['null', 'null'],
] as const) {
  test(`moves ${title} aside`, async (t) => {
    const file = await openFile(t);
    await mkdir(dirname(file.path));
    await writeFile(file.path, text);
    t.is(await file.read(), undefined);
    t.is(await readFile(`${file.path}.broken`, 'utf8'), text);
    await file.write({ numbers: [3] });
    t.deepEqual(await file.read(), { numbers: [3] });
  });
}
