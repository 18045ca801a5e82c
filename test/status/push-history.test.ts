// The data of the status page: right, and bounded for any input.

import test from 'ava';
import fc from 'fast-check';
import { movableClock } from '../fakes/time.ts';
import { until } from '../fakes/until.ts';
import { points } from '../fakes/points.ts';
import { responseTimeMs } from '../../src/status/response-times.ts';
import { lastHour } from '../../src/status/last-hour.ts';
import { letterCounts } from '../../src/status/letter-kinds.ts';
import { mapAggregates } from '../../src/status/map-aggregates.ts';
import type { StatusMessage } from '../../src/status/messages.ts';
import { internedIds } from '../../src/status/interned-ids.ts';
import { bucketCount, bucketOf, quantileOf } from '../../src/status/rtt-buckets.ts';
import { pushHistory, type AnsweredPush } from '../../src/status/push-history.ts';
import { durationHistogram } from '../../src/runtime/duration-histogram.ts';

test('quantiles are within three per cent of the exact ones', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 2e5, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.constantFrom(0.5, 0.95),
      (allMs, q) => {
        const counts = new Uint32Array(bucketCount);
        for (const ms of allMs) counts[bucketOf(ms)] = (counts[bucketOf(ms)] as number) + 1;
        const exact = allMs.toSorted((a, b) => a - b)[Math.ceil(q * allMs.length) - 1] as number;
        return Math.abs((quantileOf(counts, q) as number) / exact - 1) <= 0.034;
      },
    ),
  );
  t.is(quantileOf(new Uint32Array(bucketCount), 0.5), undefined);
});

test('ids have a bounded set of numbers; an id that was not used for an hour loses its number', (t) => {
  const numbers = internedIds(2);
  t.deepEqual(
    [numbers.numberOf(77, 0), numbers.numberOf(88, 10), numbers.numberOf(77, 3000), numbers.numberOf(99, 3601)],
    [1, 2, 1, 0],
  );
  t.is(numbers.numberOf(99, 3700), 2);
  t.deepEqual([numbers.idOf(2), numbers.find(88), numbers.find(77)], [99, undefined, 1]);
});

const run = (nodeId: number, rttMs?: number, error?: string, testId = 1): AnsweredPush => ({
  outcome: 'taken',
  run: {
    points: points(2),
    measurement: {
      testId,
      nodeId,
      testName: `test ${testId}`,
      ...(rttMs === undefined ? {} : { rttMs }),
      ...(error === undefined ? {} : { error }),
    },
  },
});

const directory = new Map([
  [1, { id: 1, name: 'one', continent: 'Europe', isp: 'A' }],
  [2, { id: 2, name: 'two', continent: 'Europe', isp: 'B' }],
  [3, { id: 3, name: 'three', continent: 'Asia', isp: 'A' }],
]);
const find = (id: number) => directory.get(id);

test('the map aggregates runs by node and by slice, with filters and a time range', async (t) => {
  const clock = movableClock();
  const history = pushHistory({ clock, rtt: 'by-type', runs: 16 });
  history.record(run(1, 500));
  await clock.advance(20 * 60_000);
  for (const push of [run(1, 10), run(1, 10), run(2, 100, 'dns'), run(3, 200, undefined, 7), run(9)])
    history.record(push);
  const map = (query: object) => mapAggregates(history, find, { by: 'continent', minutes: 15, ...query }, clock.now());
  const rows = async (query: object) =>
    (await map(query)).rows.map(({ value, runs, errors, p50Ms }) => [
      value,
      runs,
      errors,
      p50Ms === undefined ? undefined : Math.round(p50Ms / 10) * 10,
    ]);
  t.deepEqual(await rows({}), [
    ['Europe', 3, 1, 10],
    ['Asia', 1, 0, 200],
    ['(unknown)', 1, 0, undefined],
  ]);
  t.deepEqual(await rows({ minutes: 60, by: 'node' }), [
    ['one (1)', 3, 0, 10],
    ['two (2)', 1, 1, 100],
    ['three (3)', 1, 0, 200],
    ['not known yet (9)', 1, 0, undefined],
  ]);
  t.deepEqual(await rows({ testId: 7 }), [['Asia', 1, 0, 200]]);
  t.deepEqual(await rows({ testId: 4711 }), []);
  t.deepEqual(await rows({ continent: 'Europe', isp: 'B' }), [['Europe', 1, 1, 100]]);
  t.like((await map({})).all, { runs: 5, errors: 1 });
  t.deepEqual(
    (await map({})).nodes.map(({ id, runs }) => [id, runs]),
    [
      [1, 2],
      [2, 1],
      [3, 1],
      [9, 1],
    ],
  );
});

test('new runs overwrite the oldest', async (t) => {
  const clock = movableClock();
  const history = pushHistory({ clock, rtt: 'by-type', runs: 4 });
  for (let nth = 0; nth < 10; nth += 1) history.record(run(nth < 7 ? 1 : 2, 10));
  t.deepEqual(
    (await mapAggregates(history, find, { by: 'node', minutes: 15 }, clock.now())).rows.map(({ value, runs }) => [
      value,
      runs,
    ]),
    [
      ['two (2)', 3],
      ['one (1)', 1],
    ],
  );
});

test('nodes and tests above the bounds are counted without a name, and long names are cut', async (t) => {
  const history = pushHistory({ clock: movableClock(), rtt: 'by-type', runs: 32_768 });
  for (let id = 1; id <= 9000; id += 1) history.record(run(id, 10, undefined, id));
  t.is([...history.nodes.ids()].length, 8000);
  t.is([...history.tests.ids()].length, 5000);
  t.is((await mapAggregates(history, find, { by: 'continent', minutes: 15 }, movableClock().now())).all.runs, 9000);
  const long = run(1, 10);
  history.record({
    ...long,
    run: {
      ...(long.run as NonNullable<AnsweredPush['run']>),
      measurement: { testId: 1, nodeId: 1, testName: 'x'.repeat(1e6) },
    },
  });
  t.is(history.testName(1).length, 80);
});

test('errors above the bound are shown as other', (t) => {
  const history = pushHistory({ clock: movableClock(), rtt: 'by-type', runs: 512 });
  for (let nth = 0; nth < 300; nth += 1) history.record(run(1, 10, `code-${nth}`));
  t.is(history.errorText(history.ring.columns.error[0] as number), 'code-0');
  t.is(history.errorText(history.ring.columns.error[299] as number), 'other');
  t.is(history.errorText(0), undefined);
});

test('with the RTT rule `total` the map shows Timing.Total', async (t) => {
  const history = pushHistory({ clock: movableClock(), rtt: 'total', runs: 16 });
  history.record({
    outcome: 'taken',
    run: { points: [], measurement: { testId: 1, nodeId: 1, rttMs: 5, totalMs: 1000 } },
  });
  t.is(Math.round(history.ring.columns.rttMs[0] as number), 1000);
});

test('ten pushes a second are listed, with points unless they are duplicates or were not taken', async (t) => {
  const clock = movableClock();
  const history = pushHistory({ clock, rtt: 'by-type', runs: 1024 });
  for (let nth = 0; nth < 500; nth += 1) history.record(run(1, nth));
  t.is(history.recent.after(0).length, 10);
  await clock.advance(1000);
  history.record({ outcome: 'malformed', reason: 'TestId: expected an integer' });
  history.record({ ...run(2, 1), outcome: 'duplicate' });
  const [malformed, duplicate] = history.recent.after(10);
  t.like(malformed, { outcome: 'malformed', reason: 'TestId: expected an integer', points: 0 });
  t.like(duplicate, { outcome: 'duplicate', nodeId: 2, points: 0 });
  t.is(history.recent.pointsOf(1)?.length, 2);
  t.is(history.ring.count(), 500);
  for (let nth = 0; nth < 200; nth += 1) {
    await clock.advance(1000);
    history.record(run(1, nth));
  }
  t.is(history.recent.after(0).length, 100);
  t.is(history.recent.pointsOf(1), undefined);
});

const now = (atMs: number, pushesPerS: number): StatusMessage =>
  ({
    atMs,
    pushesPerS,
    pointsPerS: 14 * pushesPerS,
    notTakenPerS: 0,
    sinks: [{ backlogPoints: 5, backlogAgeMs: 2500 }],
  }) as unknown as StatusMessage;

test('the last hour has 720 slots of five seconds', (t) => {
  const hour = lastHour();
  const times = durationHistogram();
  for (let second = 0; second < 4000; second += 1) {
    times.add(4);
    hour.add(now(second * 1000, second % 5), times.snapshot());
  }
  t.is(hour.slots().length, 720);
  const [atS, pushesPerS, pointsPerS, notTaken, p50Ms, , backlog, ageS] = hour.slots().at(-1) ?? [];
  t.deepEqual([atS, pushesPerS, pointsPerS, notTaken, backlog, ageS], [3990, 2, 28, 0, 5, 2.5]);
  t.true((p50Ms ?? 0) > 2.5 && (p50Ms ?? 0) <= 5, String(p50Ms));
});

test('response times are those between two snapshots', (t) => {
  const times = durationHistogram();
  for (let nth = 0; nth < 1000; nth += 1) times.add(9000);
  const before = times.snapshot();
  t.is(responseTimeMs(before, before, 0.5), undefined);
  for (let nth = 0; nth < 100; nth += 1) times.add(nth < 98 ? 1.7 : 60_000);
  const p50Ms = responseTimeMs(before, times.snapshot(), 0.5) ?? 0;
  t.true(p50Ms > 1 && p50Ms <= 2.5, String(p50Ms));
  t.is(responseTimeMs(before, times.snapshot(), 0.99), 20_000);
});

test('letters are counted by kind in chunks, again only after a change, and up to a bound', async (t) => {
  let reads = 0;
  const many = (count: number) => ({
    count: () => count,
    after: (last: { readonly order: number } | undefined) => {
      reads += 1;
      const first = last?.order ?? 0;
      return Array.from({ length: Math.min(100, count - first) }, (_, nth) => ({
        id: String(first + nth + 1),
        order: first + nth + 1,
        kind: nth % 2 === 0 ? 'rejected' : 'expired',
      }));
    },
  });
  const few = letterCounts([many(150), many(50)]);
  t.deepEqual(few(0).counts, {});
  await until(() => few(1).counts['rejected'] === 100);
  t.deepEqual(few(1), { counts: { rejected: 100, expired: 100 }, isMore: false });
  const readsBefore = reads;
  few(60_000);
  t.is(reads, readsBefore);
  const endless = letterCounts([many(1e6)]);
  endless(0);
  await until(() => endless(1).counts['rejected'] !== undefined);
  t.deepEqual(endless(1), { counts: { rejected: 2500, expired: 2500 }, isMore: true });
});
