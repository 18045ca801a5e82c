// The counters of sources, sinks and the process.

import test from 'ava';
import type { Delivered } from '../../src/model/point.ts';
import { telemetry } from '../../src/telemetry/telemetry.ts';
import type { EventLoopLag } from '../../src/telemetry/process-stats.ts';
import { batchOf, runs } from '../fakes/batches.ts';
import { points } from '../fakes/points.ts';
import { playedSink } from '../fakes/sink.ts';
import { movableClock } from '../fakes/time.ts';

test('deliveries are counted by outcome and passed through unchanged', async (t) => {
  const clock = movableClock();
  const counters = telemetry({ clock });
  const outcomes: (Delivered | Error)[] = ['stored', 'conflict', 'duplicate', new Error('full')];
  const given: unknown[] = [];
  const deliver = counters.source('catchpoint', async (...delivery) => {
    given.push(delivery);
    const outcome = outcomes.shift() as Delivered | Error;
    if (outcome instanceof Error) throw outcome;
    return outcome;
  });
  const options = { run: { key: 'k', digest: 'd' } };
  t.is(await deliver(points(3), options), 'stored');
  t.deepEqual(given, [[points(3), options]]);
  await clock.advance(5);
  t.is(await deliver(points(2)), 'conflict');
  await clock.advance(5);
  t.is(await deliver(points(9)), 'duplicate');
  await t.throwsAsync(deliver(points(9)), { message: 'full' });
  const [source] = counters.counts().sources;
  t.deepEqual(source, {
    name: 'catchpoint',
    points: 5,
    deliveries: 2,
    duplicates: 1,
    failures: 1,
    lastAtMs: clock.now() - 5,
  });
});

test('writes are timed; a sink counts as failing from its first failure until it accepts or rejects a point', async (t) => {
  const clock = movableClock();
  const counters = telemetry({ clock });
  const played = playedSink();
  const sink = counters.sink(played);
  const { signal } = new AbortController();
  const writes = () => counters.counts().writes[0];
  const first = sink.write(points(2), { signal });
  await clock.advance(30);
  (await played.written()).fail('refused');
  await t.throwsAsync(first, { message: 'refused' });
  const sinceMs = clock.now();
  await clock.advance(1000);
  const second = sink.write(points(2), { signal });
  (await played.written()).rule({ kept: points(2).map((point) => ({ point, reason: 'later' })) });
  await second;
  t.like(writes(), { name: 'played', answered: 1, failed: 1, failingSinceMs: sinceMs, lastTakenAtMs: undefined });
  const third = sink.write(points(2), { signal });
  (await played.written()).rule({ rejected: points(1).map((point) => ({ point, reason: 'never' })) });
  t.is((await third).rejected.length, 1);
  t.like(writes(), { answered: 2, failed: 1, failingSinceMs: undefined, lastTakenAtMs: clock.now() });
  t.like(writes()?.durations, { count: 3, sumSeconds: 0.03 });
});

test('batch writes are counted without expanding the points', async (t) => {
  const clock = movableClock();
  const counters = telemetry({ clock });
  const played = playedSink();
  const batch = batchOf(...runs(2));
  const sink = counters.sink({ ...played, writeBatch: (_, options) => played.write([], options) });
  const { signal } = new AbortController();
  t.is(counters.sink(playedSink()).writeBatch, undefined);
  const first = sink.writeBatch?.(batch, { signal });
  (await played.written()).accept();
  await first;
  t.is(batch.expansions(), 0);
  t.like(counters.counts().writes[0], { answered: 1, failingSinceMs: undefined, lastTakenAtMs: clock.now() });
  await clock.advance(10);
  const second = sink.writeBatch?.(batch, { signal });
  (await played.written()).rule({ kept: batch.points.map((point) => ({ point, reason: 'later' })) });
  await second;
  t.like(counters.counts().writes[0], { answered: 2, failingSinceMs: clock.now(), lastTakenAtMs: clock.now() - 10 });
});

test('an aborted write does not count as a failure', async (t) => {
  const counters = telemetry({ clock: movableClock() });
  const sink = counters.sink(playedSink());
  const end = new AbortController();
  const write = sink.write(points(1), { signal: end.signal });
  end.abort(new Error('the end'));
  await t.throwsAsync(write, { message: 'the end' });
  t.like(counters.counts().writes[0], { failed: 0, failingSinceMs: undefined });
});

test('lost points of removed sinks are counted', (t) => {
  const counters = telemetry({ clock: movableClock() });
  t.is(counters.counts().pointsOfRemovedSinks, 0);
  counters.removedSinkLost(14);
  counters.removedSinkLost(1);
  t.is(counters.counts().pointsOfRemovedSinks, 15);
});

test('the event loop lag covers the last minute, however often it is read', async (t) => {
  const clock = movableClock();
  const lags: EventLoopLag[] = [900, 1, 2, 3, 4, 5, 6].map((ms) => ({ meanMs: ms, p99Ms: ms * 2, maxMs: ms * 3 }));
  const memory = { residentBytes: 1, heapUsedBytes: 2, heapTotalBytes: 3, externalBytes: 4 };
  const stats = {
    startedAtMs: 5,
    memory: () => memory,
    cpuSeconds: () => 6,
    takeLag: () => lags.shift() as EventLoopLag,
  };
  const counters = telemetry({ clock, vitals: stats });
  const end = new AbortController();
  const running = counters.run(end.signal);
  await clock.advance(60_000);
  t.is(counters.counts().process?.eventLoopLag.maxMs, 2700);
  await clock.advance(10_000);
  const expected = { startedAtMs: 5, ...memory, cpuSeconds: 6, eventLoopLag: { meanMs: 3.5, p99Ms: 12, maxMs: 18 } };
  t.deepEqual([counters.counts().process, counters.counts().process], [expected, expected]);
  end.abort();
  await running;
});
