// The simulated agents push at their rate and deliver by Catchpoint's rules: 200 within 20 s, nine retries.

import test, { type ExecutionContext } from 'ava';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { agents, type Agents, type AgentsOptions } from '../../../src/simulator/agents/agents.ts';
import { type Post, poster } from '../../../src/simulator/agents/post.ts';
import { quantiles } from '../../../src/simulator/agents/quantiles.ts';
import { seeded } from '../../../src/simulator/seeded.ts';
import { simulatedTests } from '../../../src/simulator/runs/tests.ts';
import { world } from '../../../src/simulator/world/world.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { type MovableClock, movableClock } from '../../fakes/time.ts';

interface Sent {
  readonly body: string;
  /** Since the start. */
  readonly atMs: number;
}

interface RunningAgents {
  readonly clock: MovableClock;
  readonly running: Agents;
  /** Every POST so far. */
  readonly sent: readonly Sent[];
  /** The times of the POSTs of the first push, in ms since its first. */
  attemptsOfFirst(): number[];
  stop(): Promise<void>;
}

const nodes = world().filter(({ active }) => active);

/** By default one test at one node every five minutes, without compression. */
function start(t: ExecutionContext, answer: Post, options: Partial<AgentsOptions> = {}): RunningAgents {
  const clock = movableClock();
  const sent: Sent[] = [];
  const post: Post = (body, signal) => {
    sent.push({ body, atMs: clock.steady() });
    return answer(body, signal);
  };
  const one = { target: 'http://127.0.0.1:1', tests: simulatedTests(1), nodes: nodes.slice(0, 1), rate: 1 / 300 };
  const running = agents({ ...one, clock, random: seeded(1), post, ...options });
  const end = new AbortController();
  const ended = running.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await untilSettled(clock, ended);
  };
  t.teardown(stop);
  const attemptsOfFirst = (): number[] =>
    sent.filter(({ body }) => body === sent[0]?.body).map(({ atMs }) => atMs - (sent[0]?.atMs ?? 0));
  return { clock, running, sent, attemptsOfFirst, stop };
}

const ok: Post = async () => 200;
const unavailable: Post = async () => 503;
const minuteMs = 60_000;

test('a refused push is retried after 1, 3, 7, 15, 23, 31, 39, 47 and 55 minutes, then dropped', async (t) => {
  const { clock, running, sent, attemptsOfFirst } = start(t, unavailable);
  await clock.advance(5 * minuteMs);
  await clock.advance((sent[0]?.atMs ?? 0) + 56 * minuteMs - clock.steady());
  t.deepEqual(
    attemptsOfFirst().map((ms) => Math.round(ms) / minuteMs),
    [0, 1, 3, 7, 15, 23, 31, 39, 47, 55],
  );
  t.is(running.status().dropped, 1);
  t.is(running.status().accepted, 0);
});

test('the pauses between retries shrink with the compression', async (t) => {
  const { clock, running, attemptsOfFirst } = start(t, unavailable, { rate: 10 / 300 });
  await clock.advance(7 * minuteMs);
  t.is(Math.round(running.compression), 10);
  t.deepEqual(
    attemptsOfFirst().map((ms) => Math.round(ms)),
    [0, 1, 3, 7, 15, 23, 31, 39, 47, 55].map((minutes) => minutes * 6000),
  );
});

test('only the status 200 counts as accepted', async (t) => {
  for (const status of [201, 202, 204, 302, 400, 500]) {
    const { clock, running } = start(t, async () => status);
    await clock.advance(5 * minuteMs);
    const { accepted, refused, retried } = running.status();
    t.deepEqual(
      { accepted, refused: refused > 0, retried: retried > 0 },
      { accepted: 0, refused: true, retried: true },
      String(status),
    );
  }
  const { clock, running } = start(t, ok);
  await clock.advance(5 * minuteMs);
  t.is(running.status().accepted, 1);
  t.is(running.status().sent, 1);
});

test('a push without an answer within 20 s is aborted and retried', async (t) => {
  const abortedAtMs: number[] = [];
  const silent: Post = (_, signal) =>
    new Promise((__, reject) => {
      signal.addEventListener('abort', () => {
        abortedAtMs.push(clock.steady());
        reject(new Error('aborted'));
      });
    });
  const { clock, running, sent, attemptsOfFirst } = start(t, silent);
  await clock.advance(5 * minuteMs);
  t.is((abortedAtMs[0] as number) - (sent[0] as Sent).atMs, 20_000);
  t.is(attemptsOfFirst()[1], minuteMs);
  t.true(running.status().unanswered > 0);
  t.is(running.status().refused, 0);
});

test('a push accepted at a retry is not sent again', async (t) => {
  let attempts = 0;
  const { clock, running, attemptsOfFirst } = start(t, async () => ((attempts += 1) < 3 ? 503 : 200));
  await clock.advance(60 * minuteMs);
  t.deepEqual(
    attemptsOfFirst().map((ms) => Math.round(ms) / minuteMs),
    [0, 1, 3],
  );
  t.is(running.status().waiting, 0);
});

test('the agents push at their rate, each node at even intervals', async (t) => {
  const { clock, sent, running } = start(t, ok, { nodes: nodes.slice(0, 20), tests: simulatedTests(1), rate: 10 });
  await clock.advance(20_000);
  t.true(Math.abs(sent.length - 200) <= 2, `${sent.length} pushes`);
  const times = new Map<string, number[]>();
  for (const { body, atMs } of sent) {
    const { NodeId } = JSON.parse(body) as { readonly NodeId: string };
    times.set(NodeId, [...(times.get(NodeId) ?? []), atMs]);
  }
  t.is(times.size, 20);
  for (const [first = 0, second = 0] of times.values()) t.true(Math.abs(second - first - 2000) < 2);
  t.is(running.status().inFlight, 0);
});

test('inactive nodes push nothing', async (t) => {
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error('no nodes');
  const { clock, sent } = start(t, ok, { nodes: [first, { ...second, active: false }], rate: 1 });
  await clock.advance(10_000);
  t.true(sent.length > 5 && sent.every(({ body }) => body.includes(`"NodeId":${first.id},`)));
});

test('no two runs of a test at a node have the same millisecond at any rate', async (t) => {
  const { clock, sent } = start(t, ok, { rate: 5000 });
  await clock.advance(100);
  const stamps = sent.map(
    ({ body }) => (JSON.parse(body) as { readonly Summary: { readonly Timestamp: string } }).Summary.Timestamp,
  );
  t.true(stamps.length > 400);
  t.is(new Set(stamps).size, stamps.length);
});

test('maxInFlight bounds the pushes in flight', async (t) => {
  const answers: (() => void)[] = [];
  const held: Post = () => new Promise((resolve) => answers.push(() => resolve(200)));
  const { clock, running, sent } = start(t, held, { rate: 100, maxInFlight: 7 });
  await clock.advance(1000);
  t.is(running.status().inFlight, 7);
  answers.shift()?.();
  await clock.advance(1);
  t.is(sent.length, 8);
  for (const answer of answers) answer();
});

test('answers are processed between pushes when many pushes are due at once', async (t) => {
  const end = new AbortController();
  let [inFlight, most, answered] = [0, 0, 0];
  const post: Post = async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    answered += 1;
    if (answered === 100) end.abort();
    return 200;
  };
  const target = 'http://127.0.0.1:1';
  const tests = simulatedTests(1);
  await agents({ target, tests, nodes, rate: 1e5, clock: systemClock(), random: seeded(1), post }).run(end.signal);
  t.true(most <= 8, `${most} at once`);
});

test('stopping waits a limited time for the answers in flight', async (t) => {
  const silent: Post = (_, signal) =>
    new Promise((__, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  const { clock, running, stop } = start(t, silent, { rate: 1 });
  await clock.advance(1500);
  t.true(running.status().inFlight > 0);
  await stop();
  t.is(running.status().inFlight, 0);
});

test('the error for an invalid target or rate names it', (t) => {
  const options = { tests: simulatedTests(1), nodes, clock: movableClock(), random: seeded(1) };
  t.throws(() => agents({ ...options, target: 'bridge:8080', rate: 1 }), { message: /target: .*"bridge:8080"/ });
  t.throws(() => agents({ ...options, target: 'http://127.0.0.1:1', rate: 0 }), {
    message: 'rate: expected a number above 0, found 0',
  });
});

test('pushes share a connection, or have one each', async (t) => {
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

  const kept = poster(target, false);
  t.teardown(kept.close);
  t.deepEqual([await kept.post('{}', signal), await kept.post('{"ü":1}', signal)], [200, 200]);
  t.is(connections, 1);
  const fresh = poster(target, true);
  t.deepEqual([await fresh.post('{}', signal), await fresh.post('{}', signal)], [503, 503]);
  t.is(connections, 3);
  t.is(bodies[1], 'POST /catchpoint/x?key=1 application/json {"ü":1}');
});

test('quantiles are accurate to one per cent', (t) => {
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
