// The simulated agents push at their rate, and deliver by Catchpoint's rules: exactly 200 within 20 s, nine further tries.

import test, { type ExecutionContext } from 'ava';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { agents, type Agents, type AgentsOptions } from '../../../src/simulator/agents/agents.ts';
import { type Post, poster } from '../../../src/simulator/agents/post.ts';
import { quantiles } from '../../../src/simulator/agents/quantiles.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { simulatedTests } from '../../../src/simulator/runs/tests.ts';
import { world } from '../../../src/simulator/world/world.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { type MovableClock, movableClock } from '../../fakes/time.ts';

interface Sent {
  readonly body: string;
  /** Since the start. */
  readonly atMs: number;
}

interface Played {
  readonly clock: MovableClock;
  readonly pushing: Agents;
  /** Every POST so far. */
  readonly sent: readonly Sent[];
  /** The times of the POSTs of the first push, each since its first. */
  triesOfFirst(): number[];
  stop(): Promise<void>;
}

const nodes = world().filter(({ active }) => active);

/** One test at one node every five minutes, unless told otherwise; time is not compressed. */
function played(
  t: ExecutionContext,
  answer: Post,
  options: Partial<AgentsOptions> = {},
  clock: MovableClock = movableClock(),
): Played {
  const sent: Sent[] = [];
  const post: Post = (body, signal) => {
    sent.push({ body, atMs: clock.steady() });
    return answer(body, signal);
  };
  const one = { target: 'http://127.0.0.1:1', tests: simulatedTests(1), nodes: nodes.slice(0, 1), rate: 1 / 300 };
  const pushing = agents({ ...one, clock, random: seeded(1), post, ...options });
  const end = new AbortController();
  const running = pushing.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await untilSettled(clock, running);
  };
  t.teardown(stop);
  const triesOfFirst = (): number[] =>
    sent.filter(({ body }) => body === sent[0]?.body).map(({ atMs }) => atMs - (sent[0]?.atMs ?? 0));
  return { clock, pushing, sent, triesOfFirst, stop };
}

const ok: Post = async () => 200;
const unavailable: Post = async () => 503;
const minuteMs = 60_000;

test('a push that is refused is tried again after 1, 3, 7, 15, 23, 31, 39, 47 and 55 minutes, then dropped', async (t) => {
  const { clock, pushing, sent, triesOfFirst } = played(t, unavailable);
  await clock.advance(5 * minuteMs);
  await clock.advance((sent[0]?.atMs ?? 0) + 56 * minuteMs - clock.steady());
  t.deepEqual(
    triesOfFirst().map((ms) => Math.round(ms) / minuteMs),
    [0, 1, 3, 7, 15, 23, 31, 39, 47, 55],
  );
  t.is(pushing.status().dropped, 1);
  t.is(pushing.status().accepted, 0);
});

test('further tries come sooner by the factor by which the runs do', async (t) => {
  const { clock, pushing, triesOfFirst } = played(t, unavailable, { rate: 10 / 300 });
  await clock.advance(7 * minuteMs);
  t.is(Math.round(pushing.compression), 10);
  t.deepEqual(
    triesOfFirst().map((ms) => Math.round(ms)),
    [0, 1, 3, 7, 15, 23, 31, 39, 47, 55].map((minutes) => minutes * 6000),
  );
});

test('an answer counts when it is exactly 200', async (t) => {
  for (const status of [201, 202, 204, 302, 400, 500]) {
    const { clock, pushing } = played(t, async () => status);
    await clock.advance(5 * minuteMs);
    const { accepted, refused, retried } = pushing.status();
    t.deepEqual(
      { accepted, refused: refused > 0, retried: retried > 0 },
      { accepted: 0, refused: true, retried: true },
      String(status),
    );
  }
  const { clock, pushing } = played(t, ok);
  await clock.advance(5 * minuteMs);
  t.is(pushing.status().accepted, 1);
  t.is(pushing.status().sent, 1);
});

test('a push that is not answered within 20 s is given up and tried again', async (t) => {
  const givenUpAtMs: number[] = [];
  const silent: Post = (_, signal) =>
    new Promise((__, reject) => {
      signal.addEventListener('abort', () => {
        givenUpAtMs.push(clock.steady());
        reject(new Error('aborted'));
      });
    });
  const { clock, pushing, sent, triesOfFirst } = played(t, silent);
  await clock.advance(5 * minuteMs);
  t.is((givenUpAtMs[0] as number) - (sent[0] as Sent).atMs, 20_000);
  t.is(triesOfFirst()[1], minuteMs);
  t.true(pushing.status().unanswered > 0);
  t.is(pushing.status().refused, 0);
});

test('a push that is accepted at a further try is not sent again', async (t) => {
  let tries = 0;
  const { clock, pushing, triesOfFirst } = played(t, async () => ((tries += 1) < 3 ? 503 : 200));
  await clock.advance(60 * minuteMs);
  t.deepEqual(
    triesOfFirst().map((ms) => Math.round(ms) / minuteMs),
    [0, 1, 3],
  );
  t.is(pushing.status().waiting, 0);
});

test('the agents push at their rate, each node each test at even intervals', async (t) => {
  const { clock, sent, pushing } = played(t, ok, { nodes: nodes.slice(0, 20), tests: simulatedTests(1), rate: 10 });
  await clock.advance(20_000);
  t.true(Math.abs(sent.length - 200) <= 2, `${sent.length} pushes`);
  const times = new Map<string, number[]>();
  for (const { body, atMs } of sent) {
    const { NodeId } = JSON.parse(body) as { readonly NodeId: string };
    times.set(NodeId, [...(times.get(NodeId) ?? []), atMs]);
  }
  t.is(times.size, 20);
  for (const [first = 0, second = 0] of times.values()) t.true(Math.abs(second - first - 2000) < 2);
  t.is(pushing.status().inFlight, 0);
});

test('inactive nodes push nothing', async (t) => {
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error('no nodes');
  const { clock, sent } = played(t, ok, { nodes: [first, { ...second, active: false }], rate: 1 });
  await clock.advance(10_000);
  t.true(sent.length > 5 && sent.every(({ body }) => body.includes(`"NodeId":${first.id},`)));
});

test('no two runs of a test at a node are at the same millisecond, however fast they come', async (t) => {
  const { clock, sent } = played(t, ok, { rate: 5000 });
  await clock.advance(100);
  const stamps = sent.map(
    ({ body }) => (JSON.parse(body) as { readonly Summary: { readonly Timestamp: string } }).Summary.Timestamp,
  );
  t.true(stamps.length > 400);
  t.is(new Set(stamps).size, stamps.length);
});

test('no more pushes are under way than the bound says', async (t) => {
  const answers: (() => void)[] = [];
  const held: Post = () => new Promise((resolve) => answers.push(() => resolve(200)));
  const { clock, pushing, sent } = played(t, held, { rate: 100, maxInFlight: 7 });
  await clock.advance(1000);
  t.is(pushing.status().inFlight, 7);
  answers.shift()?.();
  await clock.advance(1);
  t.is(sent.length, 8);
  for (const answer of answers) answer();
});

test('answers are let in between pushes, even when many are due at once', async (t) => {
  const clock = movableClock();
  let [lostMs, underWay, most] = [0, 0, 0];
  const post: Post = async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await Promise.resolve();
    underWay -= 1;
    return 200;
  };
  const { stop, pushing } = played(
    t,
    post,
    { rate: 100, clock: { ...clock, steady: () => clock.steady() + lostMs } },
    clock,
  );
  await clock.advance(100);
  lostMs = 900;
  await clock.advance(100);
  await stop();
  t.true(pushing.status().accepted > 100, `${pushing.status().accepted} pushes`);
  t.true(most <= 8, `${most} at once`);
});

test('the end waits for answers that are under way, but not for long', async (t) => {
  const silent: Post = (_, signal) =>
    new Promise((__, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  const { clock, pushing, stop } = played(t, silent, { rate: 1 });
  await clock.advance(1500);
  t.true(pushing.status().inFlight > 0);
  await stop();
  t.is(pushing.status().inFlight, 0);
});

test('a target that is no URL and a rate that is none are named', (t) => {
  const options = { tests: simulatedTests(1), nodes, clock: movableClock(), random: seeded(1) };
  t.throws(() => agents({ ...options, target: 'bridge:8080', rate: 1 }), { message: /target: .*"bridge:8080"/ });
  t.throws(() => agents({ ...options, target: 'http://127.0.0.1:1', rate: 0 }), {
    message: 'rate: expected a number above 0, found 0',
  });
});

test('pushes go over one connection, or each over its own', async (t) => {
  let connections = 0;
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk) =>
      bodies.push(`${request.method} ${request.url} ${request.headers['content-type']} ${chunk}`),
    );
    request.on('end', () => response.writeHead(bodies.length > 2 ? 503 : 200).end('whatever'));
  }).on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/catchpoint/x?key=1`;
  const { signal } = new AbortController();

  const kept = poster(target);
  t.teardown(kept.close);
  t.deepEqual([await kept.post('{}', signal), await kept.post('{"ü":1}', signal)], [200, 200]);
  t.is(connections, 1);
  const fresh = poster(target, { freshConnections: true });
  t.deepEqual([await fresh.post('{}', signal), await fresh.post('{}', signal)], [503, 503]);
  t.is(connections, 3);
  t.is(bodies[1], 'POST /catchpoint/x?key=1 application/json {"ü":1}');
});

test('quantiles are right to one per cent', (t) => {
  const some = quantiles();
  t.is(some.at(0.5), undefined);
  for (let ms = 1; ms <= 1000; ms += 1) some.add(ms);
  for (const [q, ms] of [
    [0.5, 500],
    [0.99, 990],
    [1, 1000],
  ] as const)
    t.true(Math.abs((some.at(q) as number) / ms - 1) < 0.01);
});
