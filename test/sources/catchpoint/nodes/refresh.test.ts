// The directory is refreshed by schedule, early for unknown nodes, and later after failures.

import test from 'ava';
import type { Listing } from '../../../../src/sources/catchpoint/nodes/listing.ts';
import { RestFailure } from '../../../../src/sources/catchpoint/nodes/rest/failure.ts';
import { until } from '../../../fakes/until.ts';
import { timePasses } from '../../../fakes/passing-time.ts';
import { hourMs, listing, minuteMs, never, nodes, triedRefresh } from '../../../fakes/refreshing.ts';
import { movableClock } from '../../../fakes/time.ts';

function countedSource(answer: () => Listing | Promise<Listing>) {
  let calls = 0;
  const list = async (): Promise<Listing> => {
    calls += 1;
    return answer();
  };
  return { list, calls: () => calls };
}

test('without a stored directory it refreshes at once, then at the interval', async (t) => {
  const { clock, start, listedAtMs, file } = await triedRefresh(t);
  const { directory, refresher, running, sizes } = start();
  void running();
  await clock.untilSomebodySleeps();
  t.is(directory.all().length, 100);
  t.deepEqual(sizes, [100]);
  t.is((await file.read())?.nodes.length, 100);
  t.like(refresher.status(), {
    refreshes: 1,
    failures: 0,
    lastError: undefined,
    refreshedAtMs: clock.now(),
    lastChanges: { added: 100, total: 100 },
    nodes: 100,
  });
  await timePasses(clock, 50 * hourMs, 5 * minuteMs);
  const apartHours = listedAtMs.slice(1).map((atMs, index) => (atMs - (listedAtMs[index] ?? 0)) / hourMs);
  t.is(apartHours.length, 2);
  t.true(apartHours.every((hours) => hours >= 24 && hours < 24.2));
});

test('the interval varies by 10 %', async (t) => {
  for (const [random, from] of [
    [0, 21.6],
    [0.999, 26.3],
  ] as const) {
    const { clock, start } = await triedRefresh(t, { random: () => random });
    const { refresher } = start();
    await refresher.refreshNow({ signal: never() });
    const hours = (refresher.status().nextAtMs - clock.now()) / hourMs;
    t.true(hours >= from && hours < from + 0.1);
  }
});

test('a start with a fresh stored directory uses it and lists nothing', async (t) => {
  const { clock, start, listedAtMs } = await triedRefresh(t);
  await start().refresher.refreshNow({ signal: never() });
  await clock.advance(23 * hourMs);
  const { directory, refresher, running } = start();
  t.true(await refresher.load());
  t.is(directory.find(100)?.id, 100);
  void running();
  await clock.untilSomebodySleeps();
  t.is(listedAtMs.length, 1);
  await timePasses(clock, 2 * hourMs, 5 * minuteMs);
  t.is(listedAtMs.length, 2);
});

test('a start with an old stored directory, or one from a clock that was ahead, refreshes at once', async (t) => {
  for (const ageMs of [25 * hourMs, -2 * hourMs]) {
    const { clock, start, file, listedAtMs } = await triedRefresh(t);
    await file.write({ refreshedAtMs: clock.now() - ageMs, nodes: nodes(3) });
    const { directory, running } = start();
    void running();
    await clock.untilSomebodySleeps();
    t.is(listedAtMs.length, 1);
    t.is(directory.all().length, 100);
  }
});

test('refreshAtStart refreshes even with a fresh stored directory', async (t) => {
  const { clock, start, listedAtMs } = await triedRefresh(t, { refreshAtStart: true });
  await start().refresher.refreshNow({ signal: never() });
  void start().running();
  await clock.untilSomebodySleeps();
  t.is(listedAtMs.length, 2);
});

test('retries with backoff when the first listing fails', async (t) => {
  const { clock, start, listedAtMs, answerWith } = await triedRefresh(t);
  answerWith(() => Promise.reject(new RestFailure('GET /nodes: answered 500')));
  const { directory, refresher, running } = start();
  void running();
  await timePasses(clock, 6 * hourMs);
  t.true(listedAtMs.length > 10 && listedAtMs.length < 24);
  t.like(refresher.status(), {
    refreshes: 0,
    failures: listedAtMs.length,
    lastError: 'GET /nodes: answered 500',
    refreshedAtMs: undefined,
  });
  answerWith(() => listing(nodes(5)));
  await timePasses(clock, 35 * minuteMs);
  t.is(directory.all().length, 5);
  t.is(refresher.status().lastError, undefined);
});

test('Retry-After delays the next refresh, also an early one', async (t) => {
  const { clock, start, listedAtMs, answerWith } = await triedRefresh(t);
  answerWith(() => Promise.reject(new RestFailure('429', { retryAfterMs: 3 * hourMs })));
  const { refresher, running } = start();
  void running();
  await clock.untilSomebodySleeps();
  refresher.requestEarly(5);
  await timePasses(clock, 3 * hourMs - minuteMs, minuteMs);
  t.is(listedAtMs.length, 1);
  await timePasses(clock, 2 * minuteMs, minuteMs);
  t.is(listedAtMs.length, 2);
});

test('a repeated implausible listing replaces the directory after about an hour', async (t) => {
  const { clock, start, answerWith, listedAtMs } = await triedRefresh(t);
  const { directory, refresher, running } = start();
  await refresher.refreshNow({ signal: never() });
  answerWith(() => listing(nodes(60)));
  await clock.advance(25 * hourMs);
  void running();
  await timePasses(clock, 50 * minuteMs);
  t.is(directory.all().filter(({ active }) => active).length, 100);
  await timePasses(clock, 15 * minuteMs);
  t.is(directory.all().filter(({ active }) => active).length, 60);
  t.is(listedAtMs.length, 4);
});

test('many unknown nodes cause one early refresh in five minutes, and fewer while they stay unknown', async (t) => {
  const { clock, start, listedAtMs } = await triedRefresh(t);
  const { refresher, running } = start();
  void running();
  await timePasses(clock, 6 * hourMs, 5 * minuteMs);
  t.is(listedAtMs.length, 1);
  const fromMs = clock.now();
  for (let second = 0; second < 3 * 3600; second += 10) {
    for (let push = 0; push < 50; push += 1) refresher.requestEarly(1_000_000 + second * 50 + push);
    await timePasses(clock, 10_000, 10_000);
  }
  const minutes = listedAtMs.slice(1).map((atMs) => Math.floor((atMs - fromMs) / minuteMs));
  t.deepEqual(minutes, [0, 10, 30, 70, 130]);
});

test('early refreshes that find wanted nodes come every five minutes', async (t) => {
  const { clock, start, listedAtMs, answerWith } = await triedRefresh(t);
  const { directory, refresher, running } = start();
  let count = 100;
  answerWith(() => listing(nodes((count += 1))));
  void running();
  await timePasses(clock, hourMs, 5 * minuteMs);
  const fromMs = clock.now();
  while (clock.now() < fromMs + 29 * minuteMs) {
    refresher.requestEarly(directory.all().length + 1);
    await timePasses(clock, 10_000, 10_000);
  }
  t.deepEqual(
    listedAtMs.slice(1).map((atMs) => Math.round((atMs - fromMs) / minuteMs)),
    [0, 5, 10, 15, 20, 25],
  );
});

test('100,000 requests for an early refresh are cheap', async (t) => {
  const { start } = await triedRefresh(t);
  const { refresher } = start();
  for (let request = 0; request < 100_000; request += 1) refresher.requestEarly(request);
  t.is(refresher.status().refreshes, 0);
});

test('the signal ends the schedule, also during a listing', async (t) => {
  const { clock, start, answerWith } = await triedRefresh(t);
  const sleeping = start();
  const run = sleeping.running();
  await clock.untilSomebodySleeps();
  sleeping.stop.abort(new Error('stopped'));
  await t.notThrowsAsync(run);
  const listed = start();
  answerWith(() => {
    listed.stop.abort(new Error('stopped'));
    return listing(nodes(100));
  });
  await clock.advance(25 * hourMs);
  await t.notThrowsAsync(listed.running());
  t.is(listed.refresher.status().failures, 0);
});

test('a wall clock that is set back does not delay the next refresh', async (t) => {
  let aheadMs = 400 * 24 * hourMs;
  const clock = movableClock();
  const shifted = { ...clock, now: () => clock.now() + aheadMs };
  const { start, listedAtMs } = await triedRefresh(t, { clock: shifted });
  void start().running();
  await clock.untilSomebodySleeps();
  aheadMs = 0;
  await timePasses(clock, 25 * hourMs, 5 * minuteMs);
  t.is(listedAtMs.length, 2);
});

test('a new interval counts from the last refresh, and a refresh that is due stays due', async (t) => {
  const { clock, start, listedAtMs } = await triedRefresh(t);
  const { refresher, running } = start();
  void running();
  await clock.untilSomebodySleeps();
  refresher.refreshEvery(2);
  t.is(refresher.status().everyMs, 2 * hourMs);
  await timePasses(clock, 3 * hourMs, 5 * minuteMs);
  t.is(listedAtMs.length, 2);
  refresher.refreshEvery(24);
  await timePasses(clock, 20 * hourMs, 5 * minuteMs);
  t.is(listedAtMs.length, 2);
  const next = countedSource(() => listing(nodes(100)));
  refresher.setSource(next.list);
  refresher.refreshEvery(24);
  await timePasses(clock, 5 * minuteMs, minuteMs);
  t.is(next.calls(), 1);
});

test('a new source is listed at once, after a failure and after a listing in progress', async (t) => {
  const { clock, start, listedAtMs, answerWith } = await triedRefresh(t);
  answerWith(() => Promise.reject(new RestFailure('GET /nodes: answered 401', { final: true })));
  const { refresher, running, sizes } = start();
  void running();
  await clock.untilSomebodySleeps();
  t.is(listedAtMs.length, 1);
  let answer = (): void => {};
  const slow = countedSource(() => new Promise((resolve) => (answer = () => resolve(listing(nodes(100))))));
  refresher.setSource(slow.list);
  await until(() => slow.calls() === 1);
  const next = countedSource(() => listing(nodes(101)));
  refresher.setSource(next.list);
  answer();
  await timePasses(clock, 10, 1);
  t.deepEqual([slow.calls(), next.calls()], [1, 1]);
  t.deepEqual(sizes, [100, 101]);
});
