// Listings by v1 and v2, alone and together. Each fills gaps of the other.

import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SimulatedNode } from '../../../../src/simulator/world/world-node.ts';
import { nodeListing } from '../../../../src/sources/catchpoint/nodes/node-source.ts';
import { answer, faults, v2Answer, world } from '../../../fakes/catchpoint.ts';
import { both, keyAndSecret, triedListing } from '../../../fakes/listing.ts';

const second = {
  id: 2,
  name: 'City1001, DE - Tail 2',
  asn: 64_501,
  continent: 'Europe',
  country: 'Germany',
  region: 'Region of City1001',
  city: 'City1001',
  networkType: 'Backbone',
  latitude: -83.75,
  longitude: -173.5,
  ipRanges: '198.51.100.1',
  active: true,
};

test('v1 has every field of a node', async (t) => {
  const { list } = await triedListing(t);
  const { nodes, skipped, notes } = await list(keyAndSecret);
  t.is(nodes.length, 12);
  t.deepEqual(nodes[1], { ...second, isp: 'Carrier 2' });
  t.deepEqual([skipped, notes], [0, []]);
});

test('v2 gets continent and region from its lists, and the ISP from the name', async (t) => {
  const { list, paths } = await triedListing(t);
  const { nodes, notes } = await list();
  t.deepEqual(nodes[1], { ...second, isp: 'Tail 2' });
  t.is(nodes.filter(({ active }) => !active).length, 2);
  t.deepEqual(notes, []);
  t.deepEqual(paths(), [
    '/v2/nodes/all?pageNumber=1',
    '/v2/nodes/groups/nodelocations',
    '/v2/nodes',
    '/v2/nodes/geographycity?pageNumber=1',
  ]);
});

test('with both, v1 adds ISP and region to v2', async (t) => {
  const { list, paths } = await triedListing(t);
  const { nodes, notes } = await list(both);
  t.deepEqual(nodes[1], { ...second, isp: 'Carrier 2' });
  t.deepEqual(notes, []);
  t.false(paths().some((path) => path.includes('geographycity')));
});

test('when v1 fails, v2 uses the stored answer of v1', async (t) => {
  const { api, list } = await triedListing(t);
  await list(both);
  api.fail(faults.html, { path: /^\/ui/ });
  const { nodes, notes } = await list(both);
  t.deepEqual(nodes[1], { ...second, isp: 'Carrier 2' });
  t.regex(
    notes.join(),
    /^v1 nodes: those of 2026-11-18T.* are used \(POST \/ui\/api\/token: answered 200 OK, not JSON/,
  );
});

test('when v1 has never answered, v2 is used alone', async (t) => {
  const { api, list } = await triedListing(t);
  api.fail(faults.html, { path: /^\/ui/ });
  const { nodes, notes } = await list(both);
  t.deepEqual(nodes[1], { ...second, isp: 'Tail 2' });
  t.regex(notes.join(), /^v1 nodes: nothing is filled in/);
});

test('when the continents cannot be read, the stored ones are used', async (t) => {
  const { api, list } = await triedListing(t);
  await list();
  api.fail(answer(500, {}), { path: /nodelocations|nodes$/ });
  const { nodes, notes } = await list();
  t.is(nodes[1]?.continent, 'Europe');
  t.deepEqual(
    notes.map((note) => note.split(':')[0]),
    ['continents', 'customer nodes'],
  );
});

test('known regions are not requested again, and new cities once a week', async (t) => {
  const { api, clock, list, paths } = await triedListing(t);
  const cityRequests = async (): Promise<number> => {
    const before = paths().length;
    await list();
    return paths()
      .slice(before)
      .filter((path) => path.includes('geographycity')).length;
  };
  t.is(await cityRequests(), 1);
  t.is(await cityRequests(), 0);
  const [first] = world(1);
  api.setNodes([...world(12), { ...(first as SimulatedNode), id: 99, city: { id: 7777, name: 'Newtown' } }]);
  t.is(await cityRequests(), 0);
  await clock.advance(7 * 86_400_000);
  t.is(await cityRequests(), 1);
  t.is((await list()).nodes.find(({ id }) => id === 99)?.region, 'Region of City1000');
});

test('a customer’s own nodes fill gaps and replace nothing', async (t) => {
  const [node] = world(1) as [SimulatedNode];
  const own: SimulatedNode = {
    ...node,
    id: 77,
    name: 'HQ - Lab',
    networkType: { id: 4, name: 'Enterprise' },
    isp: { id: 9, name: 'Private line' },
  };
  const { api, list } = await triedListing(t, [node, own]);
  t.like((await list()).nodes[0], {
    id: 77,
    asn: 64_500,
    isp: 'Private line',
    region: 'Region of City1000',
    continent: 'North America',
  });
  const elsewhere = {
    id: 77,
    name: 'other',
    latitude: '1.5',
    longitude: '2.5',
    city: null,
    internetServiceProvider: { id: 9, name: 'Private line' },
  };
  api.fail(v2Answer({ nodes: [elsewhere, { ...elsewhere, id: 78 }], hasMore: false }), { path: /nodes$/ });
  const { nodes } = await list();
  t.like(
    nodes.find(({ id }) => id === 77),
    { name: 'HQ - Lab', latitude: own.latitude, isp: 'Private line', city: 'City1000', continent: 'North America' },
  );
  t.like(
    nodes.find(({ id }) => id === 78),
    { name: 'other', latitude: 1.5, longitude: 2.5, isp: 'Private line' },
  );
});

test('a nodes file needs no account', async (t) => {
  const { api, stateDir, list } = await triedListing(t);
  const nodesFile = join(stateDir, 'mine.json');
  await writeFile(nodesFile, JSON.stringify([{ id: 3, city: 'Paris' }]));
  t.deepEqual(await list({ nodesFile }), {
    nodes: [{ id: 3, city: 'Paris', active: true }],
    skipped: 0,
    notes: [],
    trusted: true,
  });
  t.is(api.calls.length, 0);
});

test('throws without credentials and file', async (t) => {
  const { options } = await triedListing(t);
  t.throws(() => nodeListing({ ...options, apiKey: undefined, key: 'only' }), {
    message: /give --api-key, or --key and --secret, or --nodes-file/,
  });
});
