// The stored directory is readable JSON. Any other content of its file is moved aside.

import test, { type ExecutionContext } from 'ava';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { silentLog } from '../../../../src/runtime/log.ts';
import { directoryFile } from '../../../../src/sources/catchpoint/nodes/directory-file.ts';
import type { Node } from '../../../../src/sources/catchpoint/nodes/node.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';

const nodes: readonly Node[] = [
  {
    id: 1,
    name: 'Zürich, CH - "Lab"',
    asn: 64_500,
    continent: 'Europe',
    country: 'Switzerland',
    region: 'Zürich',
    city: 'Zürich',
    isp: 'Lab',
    networkType: 'Backbone',
    latitude: 47.5,
    longitude: 8.5,
    ipRanges: '198.51.100.1',
    active: true,
  },
  { id: 2 ** 53 - 1, active: false, retiredAtMs: 1_794_994_452_345 },
];

async function openFile(t: ExecutionContext) {
  return directoryFile({ stateDir: await temporaryDirectory(t), log: silentLog() });
}

test('reads every field that was written', async (t) => {
  const file = await openFile(t);
  await file.write({ refreshedAtMs: 1_794_994_452_345, nodes });
  t.deepEqual(await file.read(), { refreshedAtMs: 1_794_994_452_345, nodes });
});

test('the file is JSON with a node a line and an ISO time', async (t) => {
  const file = await openFile(t);
  await file.write({ refreshedAtMs: 1_794_994_452_345, nodes });
  const text = await readFile(file.path, 'utf8');
  t.is(text.split('\n')[1], `${JSON.stringify(nodes[0])},`);
  t.like(JSON.parse(text), { format: 'catchpoint-opentsdb-bridge nodes 1', refreshedAt: '2026-11-18T09:34:12.345Z' });
});

for (const [title, text] of [
  ['half of it', '{"format":"catchpoint-opentsdb-bridge nodes 1","nodes":[{"id":1'],
  ['a later format', '{"format":"catchpoint-opentsdb-bridge nodes 2","refreshedAtMs":1,"nodes":[]}'],
  ['an answer of the API', '{"items":[]}'],
  ['no nodes', '{"format":"catchpoint-opentsdb-bridge nodes 1","refreshedAtMs":1,"nodes":7}'],
] as const) {
  test(`moves ${title} aside`, async (t) => {
    const file = await openFile(t);
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, text);
    t.is(await file.read(), undefined);
    t.is(await readFile(`${file.path}.broken`, 'utf8'), text);
  });
}

test('an invalid field or node is skipped', async (t) => {
  const file = await openFile(t);
  await file.write({ refreshedAtMs: 1, nodes });
  await writeFile(
    file.path,
    (await readFile(file.path, 'utf8'))
      .replace('"latitude":47.5', '"latitude":"far north"')
      .replace(`${2 ** 53 - 1}`, 'null'),
  );
  const { latitude: _, ...rest } = nodes[0] as Node;
  t.deepEqual((await file.read())?.nodes, [rest]);
});
