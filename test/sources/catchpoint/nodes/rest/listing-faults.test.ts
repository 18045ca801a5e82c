// A listing is complete or fails, keeps within the rate limits, and continues after an interruption.

import test from 'ava';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeListing } from '../../../../../src/sources/catchpoint/nodes/node-source.ts';
import { account, answer, faults, v2Answer, v2Page, world } from '../../../../fakes/catchpoint.ts';
import { both, most, triedListing } from '../../../../fakes/listing.ts';

test('lists 3,000 nodes within every rate limit', async (t) => {
  const { api, list } = await triedListing(t, world(3000));
  const { nodes } = await list(both);
  t.is(nodes.length, 3000);
  t.true(
    nodes.every((node) => node.continent !== undefined && node.region !== undefined && node.isp?.startsWith('Carrier')),
  );
  t.true(api.calls.every(({ status }) => status === 200));
  const times = api.calls.filter(({ path }) => path.startsWith('/api/v2')).map(({ atMs }) => atMs);
  t.is(times.length, 32);
  t.true(most(times, 60_000) < 20);
  t.true(most(times, 1000) < 7);
});

test('a crash loop stays within every rate limit', async (t) => {
  const { api, list } = await triedListing(t, world(500));
  for (let start = 0; start < 30; start += 1) {
    const stop = new AbortController();
    const listing = list({}, stop.signal);
    api.fail(
      (_, response) => {
        stop.abort(new Error('crash'));
        response.destroy();
      },
      { path: /all\?pageNumber=3/, times: 1 },
    );
    await t.throwsAsync(listing, { message: 'crash' });
  }
  const times = api.calls.map(({ atMs }) => atMs);
  t.true(most(times, 60_000) < 20);
  t.true(most(times, 1000) < 7);
});

test('an interrupted listing continues at its last page after a restart', async (t) => {
  const { api, clock, list, paths } = await triedListing(t, world(450));
  api.fail(answer(500, {}), { path: /pageNumber=4/, times: 4 });
  await t.throwsAsync(list(), { message: /answered 500/ });
  await clock.advance(3_000_000);
  const { nodes } = await list();
  t.is(nodes.length, 450);
  const pages = paths()
    .filter((path) => path.startsWith('/v2/nodes/all'))
    .map((path) => path.slice(-1));
  t.deepEqual(pages, ['1', '2', '3', '4', '4', '4', '4', '4', '5']);
});

test('pages are read again after an hour, for another account, and after a complete listing', async (t) => {
  const { api, clock, stateDir, list, paths } = await triedListing(t, world(150));
  const interrupted = async (): Promise<void> => {
    api.fail(answer(404, {}), { path: /pageNumber=2/, times: 1 });
    await t.throwsAsync(list());
  };
  await interrupted();
  await clock.advance(3_600_001);
  await interrupted();
  t.is(paths().filter((path) => path.endsWith('=1')).length, 2);
  await t.throwsAsync(list({ apiKey: 'another' }), { message: /pageNumber=1.*Unauthorized/ });
  await list();
  t.deepEqual(await readdir(join(stateDir, 'nodes')), ['calls-v2.json', 'cities.json', 'fill-ins.json']);
});

for (const [title, fault, message] of [
  ['HTML', faults.html, /not JSON/],
  ['garbage', faults.garbage, /not JSON/],
  [
    'an envelope with errors and a 200',
    v2Answer({ nodes: [] }, [{ id: null, message: 'Something broke' }]),
    /answered 200 OK: Something broke/,
  ],
  [
    'an envelope that is not completed',
    answer(200, { data: { nodes: [] }, errors: [], completed: false }),
    /completed: expected true, found false/,
  ],
  ['a null list of nodes', v2Answer({ nodes: null }), /data.nodes: expected an array, found null/],
  [
    'a limit that is exceeded',
    answer(429, { errors: [{ message: 'quota' }], usageLimits: { exceededMessage: 'minute' } }),
    /429 Too Many Requests: quota; minute/,
  ],
  ['repeating pages', v2Page(world(100), true), /page 2 of the nodes holds none/],
  ['an empty page that says more follow', v2Page([], true), /page 1 of the nodes holds none/],
] as const) {
  test(`${title} fails the whole listing`, async (t) => {
    const { api, list } = await triedListing(t, world(150));
    api.fail(fault, { path: /nodes\/all/ });
    await t.throwsAsync(list(), { message });
  });
}

test('a next link marks another page when hasMore is null', async (t) => {
  const { api, list, paths } = await triedListing(t);
  const page = (id: number, hasMore: boolean | null, next: string | null) =>
    v2Answer({ nodes: [{ id }], hasMore, next });
  api.fail(page(1, null, 'pageNumber=2'), { path: /all\?pageNumber=1/ });
  api.fail(page(2, false, 'pageNumber=3'), { path: /all\?pageNumber=2/ });
  t.deepEqual(
    (await list()).nodes.map(({ id }) => id),
    [1, 2],
  );
  t.is(paths().filter((path) => path.includes('/all')).length, 2);
});

test('odd fields of a node count as unknown, and an entry without an id is skipped', async (t) => {
  const { api, list } = await triedListing(t);
  const odd = [
    {
      id: 5,
      name: null,
      asn: { id: 'AS12' },
      city: 'Paris',
      country: null,
      latitude: 'north',
      longitude: 999,
      status: null,
      networkType: [],
      ipRanges: '',
    },
    { id: '6', asn: { id: 64_500, name: 'AS-NAME' } },
    { id: null },
    null,
    'node',
    { id: -1 },
    { id: 1.5 },
    { id: 2 ** 53 },
  ];
  api.fail(v2Answer({ nodes: odd, hasMore: null, next: null }), { path: /nodes\/all/ });
  const { nodes, skipped } = await list();
  t.deepEqual(nodes, [
    { id: 5, asn: 12, active: true },
    { id: 6, asn: 64_500, isp: 'AS-NAME', active: true },
  ]);
  t.is(skipped, 6);
});

test('the signal ends a listing', async (t) => {
  const { clock, options } = await triedListing(t, world(3000));
  const stop = new AbortController();
  const listing = nodeListing(options)(stop.signal);
  await clock.untilSomebodySleeps();
  stop.abort(new Error('stopped'));
  await t.throwsAsync(listing, { message: 'stopped' });
});

test('no secret is on disk or in an error', async (t) => {
  const { api, stateDir, list } = await triedListing(t, world(150));
  await list(both);
  api.fail(faults.html, { path: /pageNumber=2/ });
  const { message } = await t.throwsAsync(list(both), { message: /not JSON/ });
  const files = (await readdir(stateDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  t.true(files.length >= 4);
  const written = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')));
  for (const secret of [account.key, account.secret, account.apiKey])
    t.false([message, ...written].join('').includes(secret));
});
