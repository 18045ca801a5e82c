import test from 'ava';
import { parse } from 'lossless-json';
import type { DataPoint } from '../../../src/model/point.ts';
import { containerStates } from '../../../src/sources/docker/container-states.ts';
import { EngineError, type ListedContainer } from '../../../src/sources/docker/engine/engine.ts';
import { eventCounters } from '../../../src/sources/docker/event-counters.ts';
import { namesOf } from '../../../src/sources/docker/naming/names.ts';
import { poller, type PollerOptions } from '../../../src/sources/docker/poll.ts';
import { SpoolFull } from '../../../src/spool/spool-full.ts';
import { readLog } from '../../fakes/log.ts';
import { timePasses } from '../../fakes/passing-time.ts';
import { movableClock } from '../../fakes/time.ts';

type Answer = string | Error | undefined | Promise<string>;

function listed(name: string, state = 'running'): ListedContainer {
  return { id: `id-${name}`, name, image: 'bb:1', labels: {}, state, isRunning: state === 'running' };
}

function stats(read: string, cpuNs = 1000): string {
  return `{"read":"${read}","pids_stats":{"current":3},"cpu_stats":{"cpu_usage":{"total_usage":${cpuNs}},"system_cpu_usage":90000000000000001,"online_cpus":2},"memory_stats":{}}`;
}

/** A poller of an engine whose answers the test gives. */
function bench(names: readonly (string | ListedContainer)[], overrides: Partial<PollerOptions> = {}) {
  const clock = movableClock(Date.UTC(2026, 10, 30, 10));
  const log = readLog('info');
  const delivered: (readonly DataPoint[])[] = [];
  const answers = new Map<string, () => Answer>();
  const containers = names.map((name) => (typeof name === 'string' ? listed(name) : name));
  const asked: string[] = [];
  const read = () => new Date(clock.now()).toISOString();
  const counters = eventCounters('s');
  counters.begin();
  const states = containerStates();
  const made = namesOf({ naming: 'legacy', prefix: '', hostname: 'vm', unit: 's', labelTags: [], figures: 'all' });
  const polls = poller({
    engine: {
      containers: async () => containers,
      details: async (id) => {
        asked.push(`details ${id}`);
        return { startedAtMs: clock.now() - 60_000 };
      },
      async stats(id) {
        const answer = answers.get(id);
        const text = answer === undefined ? stats(read()) : await answer();
        if (text instanceof Error) throw text;
        return text === undefined ? undefined : parse(text);
      },
    },
    states,
    counters,
    names: () => made,
    nameOf: (name) => ({ name, category: name.startsWith('web') ? 'front' : undefined }),
    isSelected: ({ name }) => name !== 'excluded',
    timestampOf: (atMs) => Math.floor(atMs / 1000),
    pollMs: 10_000,
    concurrency: 2,
    deliver: async (points) => {
      delivered.push(points as readonly DataPoint[]);
      return 'stored';
    },
    clock,
    log: log.log,
    ...overrides,
  });
  const { signal } = new AbortController();
  const answer = (name: string, given: () => Answer): void => void answers.set(`id-${name}`, given);
  const metricsOf = (): string[] => delivered.flat().map(({ metric }) => metric);
  return { clock, log, delivered, answer, asked, containers, states, counters, polls, signal, metricsOf, read };
}

test('delivers the running containers in the order of the listing, and the host behind them', async (t) => {
  const { polls, signal, delivered, answer, read } = bench([
    'web-1',
    'db',
    listed('old', 'exited'),
    'excluded',
    'web-2',
  ]);
  let db = (): void => {};
  const late = new Promise<string>((resolve) => (db = () => resolve(stats(read()))));
  answer('db', () => late);
  answer('web-2', () => {
    setImmediate(db);
    return stats(read());
  });
  const summary = await polls.poll(signal);
  t.deepEqual(
    delivered.map(([first]) => first?.metric),
    ['web-1.cpu.system', 'db.cpu.system', 'web-2.cpu.system', 'vm.containers.front'],
  );
  t.is(delivered[0]?.[0]?.value, '90000000000000001');
  t.is(summary.samples, 3);
  t.is(summary.points, delivered.flat().length);
  t.deepEqual(summary.skipped, {});
  t.deepEqual(polls.counts(), { samples: 3, excluded: 1, containers: { running: 3, exited: 1 }, skipped: {} });
  const host = delivered.at(-1)?.map(({ metric, value }) => [metric, value]);
  for (const point of [
    ['vm.containers.front', '2'],
    ['vm.containers.total', '3'],
    ['vm.metrics.threads', '1'],
  ])
    t.true(
      host?.some((one) => one.join() === point.join()),
      point.join(' '),
    );
});

test('a container that fails, is gone or was not measured costs no other', async (t) => {
  const { polls, signal, delivered, answer, log, read } = bench(['a', 'b', 'c', 'd', 'e', 'f']);
  answer('a', () => new EngineError('GET /containers/a/stats: 500: broken', { status: 500 }));
  answer('b', () => undefined);
  answer('c', () => '{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{}}');
  answer('d', () => new EngineError('GET /containers/d/stats: no answer within 32 s', { isTimeout: true }));
  answer('e', () => `{"read":"${read()}"}`);
  const { skipped, samples } = await polls.poll(signal);
  t.is(samples, 1);
  t.deepEqual(skipped, { 'engine-error': 1, gone: 1, timeout: 1, 'not-measured': 1 });
  t.deepEqual(polls.counts().skipped, skipped);
  t.is(delivered[0]?.[0]?.metric, 'f.cpu.system');
  t.like(log.lines()[0], { container: 'a', reason: 'GET /containers/a/stats: 500: broken', times: 1 });
});

test('no request waits for a container that does not answer, and the next poll leaves it out', async (t) => {
  const { polls, signal, clock, delivered, answer, read, metricsOf } = bench(['a', 'stuck', 'b']);
  let release = (): void => {};
  const stuck = new Promise<string>((resolve) => (release = () => resolve(stats(read()))));
  answer('stuck', () => stuck);
  const first = polls.poll(signal);
  await timePasses(clock, 2000, 100);
  t.deepEqual(
    delivered.map(([point]) => point?.metric),
    ['a.cpu.system', 'b.cpu.system'],
    'delivered while the poll goes on',
  );
  await clock.advance(8000);
  t.deepEqual((await first).skipped, { slow: 1 });
  t.deepEqual(polls.counts().skipped, {}, 'its sample may become points yet');
  const second = await polls.poll(signal);
  t.deepEqual([second.samples, second.skipped], [2, { slow: 1 }]);
  t.deepEqual(polls.counts().skipped, { slow: 1 });
  t.is(delivered.flat().findLast(({ metric }) => metric === 'vm.metrics.threads')?.value, '2');
  answer('stuck', () => stats(read()));
  release();
  await clock.advance(100);
  await clock.advance(1500);
  t.true(metricsOf().includes('stuck.cpu.system'));
  await clock.advance(8500);
  t.is((await polls.poll(signal)).samples, 3);
});

test('a poll goes on past its interval while requests wait for their turn', async (t) => {
  const { polls, signal, clock, answer, read } = bench(['a', 'b', 'c', 'd', 'e', 'f']);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
    answer(name, async () => {
      await clock.sleep(8000);
      return stats(read());
    });
  const poll = polls.poll(signal);
  await timePasses(clock, 24_000, 1000);
  const { samples, skipped, durationMs } = await poll;
  t.deepEqual([samples, skipped, durationMs], [4, { slow: 2 }, 20_000], 'the last two are under way');
  for (let second = 0; second < 5; second += 1) await clock.advance(1000);
  t.is(polls.counts().samples, 6);
  t.deepEqual(polls.counts().skipped, {});
});

test('requests start in groups over a quarter of the interval at most, and all are sampled', async (t) => {
  const names = Array.from({ length: 45 }, (_, index) => `c${index}`);
  for (const [pollMs, starts] of [
    [10_000, [10, 20, 30, 40, 45]],
    [100, [10, 45]],
  ] as const) {
    const { polls, signal, clock, asked } = bench(names, { pollMs, concurrency: 100 });
    const poll = polls.poll(signal);
    const seen = [];
    for (const _ of starts) {
      await clock.untilSomebodySleeps();
      seen.push(asked.length);
      await clock.advance(50);
    }
    t.deepEqual([seen.at(0), asked.length], [starts[0], 45], `${pollMs}: ${seen.join()}`);
    await clock.advance(1000);
    t.is((await poll).samples, 45);
  }
});

test('asks no more containers at once than the limit', async (t) => {
  const { polls, signal, answer, read } = bench(['a', 'b', 'c', 'd', 'e']);
  let [running, most] = [0, 0];
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    answer(name, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return stats(read());
    });
  await polls.poll(signal);
  t.is(most, 2);
});

test('reads the details of a container once, and again after they may have changed', async (t) => {
  const { polls, signal, clock, asked, states } = bench(['a']);
  await polls.poll(signal);
  await clock.advance(10_000);
  await polls.poll(signal);
  t.is(asked.length, 1);
  states.forgetDetails('id-a');
  await clock.advance(10_000);
  await polls.poll(signal);
  t.is(asked.length, 2);
});

test('details that change while they are read are read again', async (t) => {
  const base = bench([]);
  let asked = 0;
  const states = containerStates();
  const { polls, signal, clock } = bench(['a'], {
    states,
    engine: {
      containers: async () => [listed('a')],
      async details(id) {
        asked += 1;
        // The event of a restart comes before the answer, which is of the time before it.
        if (asked === 1) states.forgetDetails(id);
        return { startedAtMs: 0 };
      },
      stats: async () => parse(stats(base.read())),
    },
  });
  for (let poll = 0; poll < 3; poll += 1) {
    await polls.poll(signal);
    await clock.advance(10_000);
    await base.clock.advance(10_000);
  }
  t.is(asked, 2);
});

test('refused details cost the uptime alone', async (t) => {
  const refused = new EngineError('GET /containers/a/json: 403: Forbidden', { status: 403 });
  const base = bench([]);
  const { polls, signal, metricsOf, log } = bench(['a'], {
    engine: {
      containers: async () => [listed('a')],
      details: async () => Promise.reject(refused),
      stats: async () => parse(stats(base.read())),
    },
  });
  t.is((await polls.poll(signal)).samples, 1);
  t.true(metricsOf().includes('a.cpu.total'));
  t.false(metricsOf().includes('a.uptime'));
  t.like(log.lines()[0], { container: 'a', reason: refused.message });
});

test('CPU per cent is of the time between two polls, and absent at the first', async (t) => {
  const { polls, signal, clock, answer, read, delivered } = bench(['a']);
  const cpu = (system: number, total: number): string =>
    `{"read":"${read()}","cpu_stats":{"cpu_usage":{"total_usage":${total}},"system_cpu_usage":${system},"online_cpus":2}}`;
  answer('a', () => cpu(10_000, 100));
  await polls.poll(signal);
  t.false(delivered.flat().some(({ metric }) => metric === 'a.cpu.percent'));
  await clock.advance(10_000);
  answer('a', () => cpu(20_000, 2600));
  await polls.poll(signal);
  t.is(delivered.flat().find(({ metric }) => metric === 'a.cpu.percent')?.value, '50.0');
});

test('a sample with the time of the one before gives no points', async (t) => {
  const { polls, signal, clock, answer, delivered } = bench(['a']);
  answer('a', () => stats('2026-11-30T10:00:00.9Z'));
  await polls.poll(signal);
  await clock.advance(10_000);
  const { skipped } = await polls.poll(signal);
  t.deepEqual(skipped, { 'same-sample': 1 });
  t.is(delivered.flat().filter(({ metric }) => metric === 'a.cpu.total').length, 1);
});

test('a container made anew under its name gives no second value of a second', async (t) => {
  const { polls, signal, clock, containers, read, answer, delivered } = bench(['a']);
  await polls.poll(signal);
  containers[0] = { ...listed('a'), id: 'id-new' };
  answer('new', () => stats(read(), 5));
  await clock.advance(900);
  t.deepEqual((await polls.poll(signal)).skipped, { 'same-sample': 1 });
  await clock.advance(100);
  t.deepEqual((await polls.poll(signal)).skipped, {});
  const totals = delivered.flat().filter(({ metric }) => metric === 'a.cpu.total');
  t.deepEqual(
    totals.map(({ value }) => value),
    ['1000', '5'],
  );
});

test('a clock that is set back by hours costs no figures', async (t) => {
  const { polls, signal, clock, metricsOf, delivered } = bench(['a']);
  await polls.poll(signal);
  // The container starts later than now.
  const first = metricsOf().filter((metric) => metric !== 'a.uptime');
  clock.jump(-7_200_000);
  await clock.advance(10_000);
  delivered.length = 0;
  t.deepEqual((await polls.poll(signal)).skipped, {});
  t.deepEqual(metricsOf(), first);
});

test('of two containers with one name after the rules the first listed is sampled, and the log names both', async (t) => {
  const { polls, signal, delivered, log } = bench(['web-1', 'web-2'], {
    nameOf: () => ({ name: 'web', category: undefined }),
  });
  t.deepEqual((await polls.poll(signal)).skipped, { 'same-name': 1 });
  t.is(delivered.flat().filter(({ metric }) => metric === 'web.cpu.total').length, 1);
  t.like(log.lines()[0], { container: 'web-2', reason: 'by the rules its name is web, which is that of web-1 too' });
});

test('what the spool refuses is counted and logged, and the next poll goes on', async (t) => {
  let isFull = true;
  const { polls, signal, clock, log } = bench(['a'], {
    deliver: async () => {
      if (isFull) throw new SpoolFull('spool: at most 5 bytes, found 6 waiting');
      return 'stored';
    },
  });
  t.deepEqual((await polls.poll(signal)).skipped, { 'not-stored': 1 });
  t.like(log.lines()[0], { container: 'a', reason: 'not stored: spool: at most 5 bytes, found 6 waiting' });
  isFull = false;
  await clock.advance(10_000);
  t.is((await polls.poll(signal)).samples, 1);
});

test('a state that no container has any more counts 0', async (t) => {
  const { polls, signal, clock, delivered } = bench([], {
    engine: {
      containers: async () => [clock.now() === startMs ? listed('a', 'exited') : listed('a', 'paused')],
      details: async () => undefined,
      stats: async () => undefined,
    },
  });
  const startMs = clock.now();
  await polls.poll(signal);
  await clock.advance(10_000);
  await polls.poll(signal);
  t.deepEqual(polls.counts().containers, { exited: 0, paused: 1 });
  t.is(delivered.flat().findLast(({ metric }) => metric === 'vm.containers.state.exited')?.value, '0');
});

test('a listing that fails is the error of the poll', async (t) => {
  const { polls, signal } = bench([], {
    engine: {
      containers: async () => Promise.reject(new EngineError('connect ECONNREFUSED')),
      details: async () => undefined,
      stats: async () => undefined,
    },
  });
  await t.throwsAsync(polls.poll(signal), { message: 'connect ECONNREFUSED' });
});

test('at the end what was sampled is delivered, and requests end', async (t) => {
  const stop = new AbortController();
  const { polls, clock, delivered } = bench(['a', 'stuck'], {});
  const base = bench([]);
  const polling = bench(['a', 'stuck'], {
    engine: {
      containers: async () => [listed('a'), listed('stuck')],
      details: async () => ({ startedAtMs: undefined }),
      stats: async (id, signal) => {
        if (id === 'id-stuck') await clock.sleep(1e9, { signal });
        return parse(stats(base.read()));
      },
    },
  });
  t.is(polls.counts().samples + delivered.length, 0);
  const poll = polling.polls.poll(stop.signal);
  await clock.untilSomebodySleeps();
  stop.abort(new Error('stopped'));
  await t.throwsAsync(poll, { message: 'stopped' });
  t.is(polling.delivered[0]?.[0]?.metric, 'a.cpu.system');
});
