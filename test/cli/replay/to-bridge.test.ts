// To a bridge that runs a replay goes politely: it waits for room, and tries again what was not answered.

import test, { type ExecutionContext } from 'ava';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Outcome } from '../../../src/cli/replay/destination.ts';
import { toBridge } from '../../../src/cli/replay/to-bridge.ts';
import type { ReplayedRun } from '../../../src/sources/catchpoint/replay/replayed-run.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { type MovableClock, movableClock } from '../../fakes/time.ts';

type Answer = readonly [status: number, body?: string, headers?: Readonly<Record<string, string>>] | 'close';

/** A bridge that gives these answers in turn, the last one again and again; /healthz has its own. */
async function bridge(t: ExecutionContext, pushes: readonly Answer[], backlogs: readonly number[] = []) {
  const seen: { readonly request: IncomingMessage; readonly body: string }[] = [];
  const looks: number[] = [];
  const server = createServer((request, response) => {
    const isHealth = request.url === '/healthz';
    const points = backlogs[Math.min(looks.length, backlogs.length - 1)] ?? 0;
    let body = '';
    request.on('data', (chunk) => void (body += String(chunk)));
    request.on('end', () => {
      if (isHealth) looks.push(points);
      else seen.push({ request, body });
      const health: Answer = [200, JSON.stringify({ sinks: [{ backlog: { points } }, {}] })];
      const answer = isHealth ? health : (pushes[Math.min(seen.length, pushes.length) - 1] as Answer);
      if (answer === 'close') request.socket.destroy();
      else response.writeHead(answer[0], answer[2]).end(answer[1]);
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  t.teardown(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, looks };
}

interface Sent {
  readonly became: Outcome;
  readonly clock: MovableClock;
  readonly waited: string[];
}

async function sent(t: ExecutionContext, pushUrl: string, adminUrl?: string): Promise<Sent> {
  const clock = movableClock();
  const waited: string[] = [];
  const destination = toBridge({
    pushUrl,
    adminUrl,
    clock,
    random: () => 0.5,
    waits: (words) => void waited.push(words),
  });
  t.teardown(() => destination.close());
  const run = { body: Buffer.from('{"TestId":1}') } as ReplayedRun;
  return {
    became: await untilSettled(clock, destination.deliver(run, new AbortController().signal), 1000),
    clock,
    waited,
  };
}

test('a push goes as it is, marked as a replay, and what became of it comes back', async (t) => {
  for (const became of ['taken', 'missed', 'implausible', 'duplicate', 'conflict'] as const) {
    const one = await bridge(t, [[200, JSON.stringify({ became: became })]]);
    t.is((await sent(t, `${one.url}/catchpoint/x`)).became, became);
    const { request, body } = one.seen[0] as (typeof one.seen)[number];
    t.deepEqual(
      [request.method, request.url, request.headers['x-replayed'], body],
      ['POST', '/catchpoint/x', '1', '{"TestId":1}'],
    );
  }
});

test('a bridge that says nothing about it has stored it', async (t) => {
  const one = await bridge(t, [[200, '']]);
  t.is((await sent(t, one.url)).became, 'taken');
});

test('a body that the bridge refuses is malformed, in its words', async (t) => {
  for (const status of [400, 413, 415]) {
    const one = await bridge(t, [[status, '{"error":"NodeId: expected"}']]);
    t.deepEqual((await sent(t, one.url)).became, { malformed: 'NodeId: expected' });
  }
});

test('a full bridge is waited for as long as it says, and told once', async (t) => {
  const full: Answer = [503, '{"error":"spool: full"}', { 'Retry-After': '30' }];
  const one = await bridge(t, [full, full, [200, '{"became":"taken"}']]);
  const { became, clock, waited } = await sent(t, one.url);
  t.is(became, 'taken');
  t.true(clock.steady() >= 60_000);
  t.deepEqual(waited, ['the bridge answers 503: spool: full']);
});

test('a connection that breaks is tried again; a bridge that stays away ends the replay with 69', async (t) => {
  const one = await bridge(t, ['close', 'close', [200, '{"became":"taken"}']]);
  t.is((await sent(t, one.url)).became, 'taken');
  t.is(one.seen.length, 3);
  const away = await bridge(t, ['close']);
  const error = await t.throwsAsync(sent(t, `${away.url}/secret`), { name: 'CannotReplay', message: /nobody answers/ });
  t.is((error as Error & { exitCode?: number }).exitCode, 69);
  t.notRegex(error?.message ?? '', /secret/);
  t.is(away.seen.length, 10);
});

test('what is no push URL ends the replay at once', async (t) => {
  const one = await bridge(t, [[404, '']]);
  await t.throwsAsync(sent(t, one.url), {
    name: 'CannotReplay',
    message: /answers 404 to a push; is this the push URL of a bridge\?$/,
  });
});

test('while the bridge has a backlog of its own the replay waits', async (t) => {
  const one = await bridge(t, [[200, '{"became":"taken"}']], [50_000, 30_000, 20_000]);
  const { became, clock, waited } = await sent(t, one.url, one.url);
  t.is(became, 'taken');
  t.deepEqual(one.looks, [50_000, 30_000, 20_000]);
  t.is(clock.steady(), 2000);
  t.deepEqual(waited, ['50000 points wait in the bridge']);
});

test('a bridge that does not tell its backlog is pushed to all the same', async (t) => {
  const one = await bridge(t, [[200, '{"became":"taken"}']]);
  t.is((await sent(t, one.url, 'http://127.0.0.1:1')).became, 'taken');
});
