// The Catchpoint source as a whole: pushes are taken all the while the node directory is read.

import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { application, listen } from '../../../src/http/server.ts';
import { openCatchpoint } from '../../../src/sources/catchpoint/catchpoint.ts';
import { dimensions } from '../../../src/sources/catchpoint/slices.ts';
import { openSpool } from '../../../src/spool/spool.ts';
import { account, fakeCatchpoint, world } from '../../fakes/catchpoint.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { most } from '../../fakes/listing.ts';
import { movableClock } from '../../fakes/time.ts';

const sample = readFileSync(new URL('../../../../test/golden/catchpoint/dns.json', import.meta.url), 'utf8');

async function source(t: ExecutionContext, nodes: number) {
  const clock = movableClock();
  const api = await fakeCatchpoint(t, { clock, nodes: world(nodes) });
  const stateDir = await temporaryDirectory(t);
  const spool = await openSpool({ directory: `${stateDir}/spool`, maxBytes: 1 << 24, clock });
  const reader = await spool.reader('tsdb');
  const catchpoint = await openCatchpoint({
    deliver: spool.append,
    parking: spool.parking,
    api: {
      url: api.url,
      key: undefined,
      secret: undefined,
      apiKey: account.apiKey,
      nodesFile: undefined,
      refreshHours: 24,
    },
    slices: { prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions },
    timings: false,
    archive: undefined,
    maxBodyBytes: 1 << 20,
    stateDir,
    clock,
    random: () => 0.5,
    log: silentLog(),
  });
  const router = new Router();
  catchpoint.mount(router);
  const app = application(silentLog(), systemClock());
  app.use(router.routes());
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const running = catchpoint.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
    await listener.close();
    await spool.close();
  });
  const push = async (nodeId: number, testId: number): Promise<number> => {
    const body = sample
      .replace('"NodeId": 312', `"NodeId": ${nodeId}`)
      .replace('"TestId": 204417', `"TestId": ${testId}`);
    return (await fetch(listener.url, { method: 'POST', body, headers: { connection: 'close' } })).status;
  };
  return { clock, api, catchpoint, push, spool, reader };
}

test('a refresh against 3,000 nodes over v2 stays under 20 calls a minute, and pushes are taken all the while', async (t) => {
  const { clock, api, catchpoint, push, spool, reader } = await source(t, 3000);
  let pushes = 0;
  while (catchpoint.status().nodes.known === 0) {
    pushes += 1;
    t.is(await push(2999, pushes), 200);
    if (clock.sleepers() > 1) await clock.advance(2000);
  }
  t.is(catchpoint.status().nodes.known, 3000);
  const times = api.calls.map(({ atMs }) => atMs);
  t.true(times.length > 30);
  t.true(most(times, 60_000) < 20, `${most(times, 60_000)} calls in a minute`);
  t.true(pushes > 10, `${pushes} pushes`);
  while (spool.parking.count() > 0) await clock.advance(1000);
  t.is(
    reader.backlog().points,
    pushes * 14,
    'those from before the directory was known have all their slices in the end',
  );
});
