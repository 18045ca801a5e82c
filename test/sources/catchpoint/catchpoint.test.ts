// The Catchpoint source takes pushes while it refreshes the node directory.

import test from 'ava';
import { openSpool } from '../../../src/spool/spool.ts';
import { account, fakeCatchpoint, world } from '../../fakes/catchpoint.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { most } from '../../fakes/listing.ts';
import { movableClock } from '../../fakes/time.ts';
import { noApi, openSource } from './open-source.ts';
import { dnsPush } from './samples.ts';

test('a refresh of 3,000 nodes over v2 stays below 20 calls a minute, and pushes are taken meanwhile', async (t) => {
  const clock = movableClock();
  const { url, calls } = await fakeCatchpoint(t, { clock, nodes: world(3000) });
  const stateDir = await temporaryDirectory(t);
  const spool = await openSpool({ directory: `${stateDir}/spool`, maxBytes: 1 << 24, clock });
  t.teardown(() => spool.close());
  const reader = await spool.reader('tsdb');
  const api = { ...noApi, url, apiKey: account.apiKey };
  const { catchpoint, send } = await openSource(t, spool, { api, stateDir, clock });

  const push = dnsPush.replace('"NodeId": 312', '"NodeId": 2999');
  let pushes = 0;
  while (catchpoint.status().nodes.known === 0) {
    pushes += 1;
    t.is(await send(push.replace('"TestId": 204417', `"TestId": ${pushes}`)), 200);
    if (clock.sleepers() > 1) await clock.advance(2000);
  }
  t.is(catchpoint.status().nodes.known, 3000);
  const times = calls.map(({ atMs }) => atMs);
  t.true(times.length > 30);
  t.true(most(times, 60_000) < 20, `${most(times, 60_000)} calls in a minute`);
  t.true(pushes > 10, `${pushes} pushes`);
  while (spool.parking.count() > 0) await clock.advance(1000);
  t.is(reader.backlog().points, pushes * 14, 'pushes from before the refresh have all their slices');
});
