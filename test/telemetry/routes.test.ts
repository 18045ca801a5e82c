// The monitoring endpoints of the admin listener.

import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { application, listen } from '../../src/http/server.ts';
import { telemetryRoutes } from '../../src/telemetry/routes.ts';
import type { Snapshot } from '../../src/telemetry/snapshot.ts';
import { seenAtMs, sinkOf, snapshotOf } from '../fakes/snapshot.ts';

async function listener(t: ExecutionContext, snapshot: Snapshot): Promise<string> {
  const router = new Router();
  telemetryRoutes(router, async () => snapshot);
  const app = application(silentLog(), systemClock());
  app.use(router.routes()).use(router.allowedMethods());
  const { url, close } = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(close);
  return url;
}

const dead = sinkOf({ failingSinceMs: seenAtMs - 5000, lastError: 'hung up' });
const warning = 'opentsdb has taken nothing for 5 s (hung up); 5 points wait';

test('/readyz answers 200 with a warning that names a dead sink', async (t) => {
  const url = await listener(t, snapshotOf({ sinks: [dead] }));
  const answer = await fetch(`${url}/readyz`);
  t.is(answer.status, 200);
  t.is(answer.headers.get('cache-control'), 'no-store');
  t.deepEqual(await answer.json(), { status: 'ready', reasons: [], warnings: [warning] });
});

test('/readyz answers 503 with the reasons, as JSON or as text', async (t) => {
  const url = await listener(t, snapshotOf({ isStopping: true, sinks: [dead] }));
  const asJson = await fetch(`${url}/readyz`);
  t.deepEqual(
    [asJson.status, await asJson.json()],
    [503, { status: 'not ready', reasons: ['the bridge is stopping'], warnings: [warning] }],
  );
  const asText = await fetch(`${url}/readyz`, { headers: { accept: 'text/plain' } });
  t.deepEqual(
    [asText.status, await asText.text()],
    [503, `not ready\nnot ready: the bridge is stopping\nwarning: ${warning}\n`],
  );
});

test('/status answers the snapshot and the readiness as JSON', async (t) => {
  const snapshot = snapshotOf();
  const url = await listener(t, snapshot);
  const status = await (await fetch(`${url}/status`)).json();
  t.deepEqual(status, JSON.parse(JSON.stringify({ isReady: true, reasons: [], warnings: [], ...snapshot })));
});

test("/metrics answers in Prometheus' text format", async (t) => {
  const answer = await fetch(`${await listener(t, snapshotOf())}/metrics`);
  t.is(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.true((await answer.text()).includes('\ncatchpoint_bridge_ready 1\n'));
});
