// Replaying to a bridge: waits, retries and the errors that end the replay.

import test, { type ExecutionContext } from 'ava';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Outcome } from '../../../src/cli/replay/destination.ts';
import { toBridge } from '../../../src/cli/replay/to-bridge.ts';
import type { ReplayedRun } from '../../../src/sources/catchpoint/replay/replayed-run.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { type MovableClock, movableClock } from '../../fakes/time.ts';

type Answer = readonly [status: number, body?: string, headers?: Readonly<Record<string, string>>] | 'close';

/** A bridge that gives these answers in turn and then repeats the last one; /healthz answers with the backlogs. */
async function bridge(t: ExecutionContext, pushes: readonly Answer[], backlogs: readonly number[] = []) {
  const pushed: { readonly request: IncomingMessage; readonly body: string }[] = [];
  const backlogQueries: number[] = [];
  const server = createServer((request, response) => {
    const isHealth = request.url === '/healthz';
    const points = backlogs[Math.min(backlogQueries.length, backlogs.length - 1)] ?? 0;
    let body = '';
    request.on('data', (chunk) => void (body += String(chunk)));
    request.on('end', () => {
      if (isHealth) backlogQueries.push(points);
      else pushed.push({ request, body });
      const health: Answer = [200, JSON.stringify({ sinks: [{ backlog: { points } }, {}] })];
      const answer = isHealth ? health : (pushes[Math.min(pushed.length, pushes.length) - 1] as Answer);
      if (answer === 'close') request.socket.destroy();
      else response.writeHead(answer[0], answer[2]).end(answer[1]);
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  t.teardown(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, pushed, backlogQueries };
}

interface Sent {
  readonly became: Outcome;
  readonly clock: MovableClock;
  readonly waits: string[];
}

async function sent(t: ExecutionContext, pushUrl: string, adminUrl?: string): Promise<Sent> {
  const clock = movableClock();
  const waits: string[] = [];
  const destination = toBridge({
    pushUrl,
    adminUrl,
    clock,
    random: () => 0.5,
    onWait: (reason) => void waits.push(reason),
  });
  t.teardown(() => destination.close());
  const run = { body: Buffer.from('{"TestId":1}') } as ReplayedRun;
  return {
    became: await untilSettled(clock, destination.deliver(run, new AbortController().signal), 1000),
    clock,
    waits,
  };
}

test('a push is sent unchanged with the replay header, and its outcome is returned', async (t) => {
  for (const became of ['taken', 'missed', 'implausible', 'duplicate', 'conflict'] as const) {
    const one = await bridge(t, [[200, JSON.stringify({ became })]]);
    t.is((await sent(t, `${one.url}/catchpoint/x`)).became, became);
    const { request, body } = one.pushed[0] as (typeof one.pushed)[number];
    t.deepEqual(
      [request.method, request.url, request.headers['x-replayed'], body],
      ['POST', '/catchpoint/x', '1', '{"TestId":1}'],
    );
  }
});

test('a 200 without an outcome counts as taken', async (t) => {
  const one = await bridge(t, [[200, '']]);
  t.is((await sent(t, one.url)).became, 'taken');
});

test('a refused body is malformed, with the error of the bridge', async (t) => {
  for (const status of [400, 413, 415]) {
    const one = await bridge(t, [[status, '{"error":"NodeId: expected"}']]);
    t.deepEqual((await sent(t, one.url)).became, { malformed: 'NodeId: expected' });
  }
});

test('a 503 is retried after its Retry-After, and reported once', async (t) => {
  const full: Answer = [503, '{"error":"spool: full"}', { 'Retry-After': '30' }];
  const one = await bridge(t, [full, full, [200, '{"became":"taken"}']]);
  const { became, clock, waits } = await sent(t, one.url);
  t.is(became, 'taken');
  t.true(clock.steady() >= 60_000);
  t.deepEqual(waits, ['the bridge answers 503: spool: full']);
});

test('a broken connection is retried; a bridge that stays unreachable ends the replay with 69', async (t) => {
  const one = await bridge(t, ['close', 'close', [200, '{"became":"taken"}']]);
  t.is((await sent(t, one.url)).became, 'taken');
  t.is(one.pushed.length, 3);
  const away = await bridge(t, ['close']);
  const error = await t.throwsAsync(sent(t, `${away.url}/secret`), { name: 'CommandError', message: /nobody answers/ });
  t.is((error as Error & { exitCode?: number }).exitCode, 69);
  t.notRegex(error?.message ?? '', /secret/);
  t.is(away.pushed.length, 10);
});

test('a URL that is not a push URL ends the replay at once', async (t) => {
  const one = await bridge(t, [[404, '']]);
  await t.throwsAsync(sent(t, one.url), {
    name: 'CommandError',
    message: /answers 404 to a push; is this the push URL of a bridge\?$/,
  });
});

test('the replay waits while the bridge has a backlog', async (t) => {
  const one = await bridge(t, [[200, '{"became":"taken"}']], [50_000, 30_000, 20_000]);
  const { became, clock, waits } = await sent(t, one.url, one.url);
  t.is(became, 'taken');
  t.deepEqual(one.backlogQueries, [50_000, 30_000, 20_000]);
  t.is(clock.steady(), 2000);
  t.deepEqual(waits, ['50000 points wait in the bridge']);
});

test('without an answer of /healthz the replay does not wait', async (t) => {
  const one = await bridge(t, [[200, '{"became":"taken"}']]);
  t.is((await sent(t, one.url, 'http://127.0.0.1:1')).became, 'taken');
});
