// A nodes file is the bridge's own directory, a saved answer of either API, or a plain array.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../../../src/runtime/log.ts';
import { directoryFile } from '../../../../src/sources/catchpoint/nodes/directory-file.ts';
import type { Node } from '../../../../src/sources/catchpoint/nodes/node.ts';
import { type NodesRead, readNodesFile } from '../../../../src/sources/catchpoint/nodes/nodes-file.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';

const golden = new URL('../../../../../test/golden/nodes/', import.meta.url).pathname;
const jinan: Node = {
  id: 312,
  name: 'Jinan, CN - Unicom',
  asn: 4837,
  continent: 'Asia',
  country: 'China',
  region: 'Shandong',
  city: 'Jinan',
  isp: 'China Unicom',
  networkType: 'Backbone',
  latitude: 36.6683,
  longitude: 116.9972,
  ipRanges: '203.0.113.64/28',
  active: true,
};

async function read(t: ExecutionContext, text: string): Promise<NodesRead> {
  const path = join(await temporaryDirectory(t), 'nodes.json');
  await writeFile(path, text);
  return readNodesFile(path);
}

test('reads an answer of v1', async (t) => {
  const { nodes, skipped } = await readNodesFile(join(golden, 'v1.json'));
  t.deepEqual([nodes.length, skipped], [14, 0]);
  t.deepEqual(
    nodes.find(({ id }) => id === 312),
    jinan,
  );
  t.deepEqual(
    nodes.filter(({ active }) => !active).map(({ id }) => id),
    [1342],
  );
  t.deepEqual(
    nodes.find(({ id }) => id === 20_077),
    {
      id: 20_077,
      name: 'HQ Branch #1 - R&D "Lab" (Enterprise)',
      continent: 'Europe',
      country: 'Switzerland',
      city: 'Zürich',
      isp: 'Private',
      networkType: 'Enterprise',
      latitude: 47.3667,
      longitude: 8.55,
      active: true,
    },
  );
});

test('reads an answer of v2', async (t) => {
  const { nodes } = await readNodesFile(join(golden, 'v2.json'));
  t.is(nodes.length, 13);
  const { continent: _, region: __, ...listed } = jinan;
  t.deepEqual(
    nodes.find(({ id }) => id === 312),
    { ...listed, isp: 'Unicom' },
  );
  t.is(nodes.find(({ id }) => id === 1701)?.ipRanges, undefined);
  t.deepEqual(nodes.map(({ isp }) => isp).slice(-2), ['Bell Aliant LM', "Orange Côte d'Ivoire 4G/LTE"]);
});

test("reads the bridge's own directory", async (t) => {
  const file = directoryFile({ stateDir: await temporaryDirectory(t), log: silentLog() });
  await file.write({ refreshedAtMs: 1, nodes: [jinan] });
  t.deepEqual(await readNodesFile(file.path), { nodes: [jinan], skipped: 0 });
});

test('reads a plain array, with a byte order mark, a repeated id and an invalid one', async (t) => {
  const text = `\uFEFF${JSON.stringify([{ id: 7, isp: 'x' }, { id: '7', isp: 'y' }, { id: 'seven' }])}`;
  t.deepEqual(await read(t, text), { nodes: [{ id: 7, isp: 'y', active: true }], skipped: 1 });
});

for (const [title, text, message] of [
  ['no JSON', '<nodes/>', /^nodes file .*nodes.json: not JSON/],
  [
    'an object without nodes',
    '{"version":1}',
    /expected nodes, items, data.nodes or an array of nodes, found an object/,
  ],
  ['a number', '12', /found 12/],
] as const) {
  test(`refuses ${title} with the reason`, async (t) => {
    await t.throwsAsync(read(t, text), { message });
  });
}

test('names a missing file', async (t) => {
  await t.throwsAsync(readNodesFile('/nowhere/nodes.json'), {
    message: /^nodes file \/nowhere\/nodes.json: cannot be read \(ENOENT/,
  });
});
