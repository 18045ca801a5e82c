// An outlet delivers every point to its sink, whatever the sink answers.

import test, { type ExecutionContext } from 'ava';
import { expanded } from '../../src/model/factored-points.ts';
import type { DataPoint, FactoredPoints } from '../../src/model/point.ts';
import type { SinkBatch } from '../../src/model/sink.ts';
import { SpoolFull } from '../../src/spool/spool-full.ts';
import { runs } from '../fakes/batches.ts';
import { everyLetter } from '../fakes/letters.ts';
import { readLog } from '../fakes/log.ts';
import { points } from '../fakes/points.ts';
import { playedSink, type PlayedSinkOptions } from '../fakes/sink.ts';
import { until } from '../fakes/until.ts';
import { hasNothingInFlight, isDone, runningOutlet, type RunningOutletOptions } from './running-outlet.ts';

const outletOver = (t: ExecutionContext, sink: PlayedSinkOptions = {}, options: RunningOutletOptions = {}) =>
  runningOutlet(t, () => playedSink(sink), options);

const [firstPoint] = points(1) as [DataPoint];
const [run] = runs(1) as [FactoredPoints];

test('accepted points leave the backlog', async (t) => {
  const { spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  const write = await sink.written();
  t.deepEqual(write.points, points(2));
  write.accept();
  await until(() => isDone(outlet));
  t.like(outlet.status(), { accepted: 2, rejected: 0, kept: 0, inFlight: 0, lastError: undefined });
});

test('a sink with `writeBatch` receives batches as they were delivered, and points of the retry set one by one', async (t) => {
  const batches: SinkBatch[] = [];
  const { spool, sink, outlet, clock } = await outletOver(t, { batchPoints: 6, batches });
  const [first] = expanded(run) as [DataPoint];
  await spool.append(run);
  const write = await sink.written();
  t.deepEqual([batches[0]?.deliveries, batches[0]?.pointCount], [[run], 6]);
  write.rule({ kept: [{ point: first, reason: 'later' }] });
  await until(() => outlet.status().kept === 1 && hasNothingInFlight(outlet));
  t.like(outlet.status(), { accepted: 5, rejected: 0, kept: 1 });
  await clock.advance(2_000);
  const again = await sink.written();
  t.deepEqual([again.points, batches.length], [[first], 1]);
  again.accept();
  await until(() => outlet.status().accepted === 6);
});

test('a batch whose points are all kept is written again as a batch', async (t) => {
  const batches: SinkBatch[] = [];
  const { spool, sink, outlet, clock } = await outletOver(t, { batchPoints: 6, batches });
  await spool.append(run);
  (await sink.written()).rule({ kept: batches[0]?.points.map((point) => ({ point, reason: 'not one' })) ?? [] });
  await until(() => hasNothingInFlight(outlet));
  t.is(outlet.status().lastError, 'not one');
  await clock.advance(4_000);
  (await sink.written()).accept();
  await until(() => outlet.status().accepted === 6);
  t.is(batches.length, 2);
});

test('an outcome that the spool cannot store is stored later, and the points are not written again', async (t) => {
  let failures = 0;
  const { log, lines } = readLog();
  const { clock, spool, sink, outlet } = await outletOver(
    t,
    {},
    {
      log,
      wrapReader: (reader) => ({
        ...reader,
        async finish(batch, outcome) {
          if ((failures += 1) <= 8) throw new SpoolFull('disk: no space left');
          return reader.finish(batch, outcome);
        },
      }),
    },
  );
  await spool.append(points(2));
  (await sink.written()).accept();
  while (failures <= 8) {
    await until(() => outlet.status().lastError === 'disk: no space left');
    await clock.advance(1_000);
  }
  await until(() => hasNothingInFlight(outlet));
  t.like(outlet.status(), { accepted: 2, rejected: 0, kept: 0, backlog: { points: 0 }, lastError: undefined });
  t.deepEqual(lines(), [
    {
      sink: 'played',
      reason: 'disk: no space left',
      msg: 'what the sink has answered cannot be written down; it is tried until it can',
    },
  ]);
  await spool.append(points(2, 3));
  t.deepEqual((await sink.written()).points, points(2, 3));
});

test('a rejected point becomes a dead letter with the reason, and the rest of its batch is accepted', async (t) => {
  const { spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  const write = await sink.written();
  write.rule({ rejected: [{ point: firstPoint, reason: 'Unknown metric' }] });
  await until(() => isDone(outlet));
  const [letter] = everyLetter(spool.deadLetters);
  t.like(letter, { kind: 'rejected', reason: 'Unknown metric', sink: 'played', raw: JSON.stringify(points(1)[0]) });
  t.like(outlet.status(), { accepted: 1, rejected: 1 });
});

test('a kept point is written again alone after a pause, and other batches go on', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).rule({ kept: [{ point: firstPoint, reason: 'Please throttle' }] });
  await until(() => outlet.status().kept === 1);
  await spool.append(points(2, 3));
  const other = await sink.written();
  t.deepEqual(other.points, points(2, 3));
  other.accept();
  await until(() => hasNothingInFlight(outlet));
  t.is(outlet.status().backlog.points, 1);
  await clock.advance(500);
  const again = await sink.written();
  t.deepEqual(again.points, points(1));
  again.accept();
  await until(() => isDone(outlet));
});

test('a batch is written again after a growing pause if the sink throws', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).fail('connection refused');
  await until(() => outlet.status().lastError !== undefined);
  t.like(outlet.status(), { lastError: 'connection refused', inFlight: 0 });
  await clock.advance(249);
  t.is(sink.unread(), 0);
  await clock.advance(1);
  const second = await sink.written();
  t.deepEqual(second.points, points(2));
  second.fail('connection refused');
  await until(() => hasNothingInFlight(outlet));
  await clock.advance(499);
  t.is(sink.unread(), 0);
  await clock.advance(1);
  (await sink.written()).accept();
  await until(() => isDone(outlet));
  t.is(outlet.status().lastError, undefined);
});

test('a sink is tried every 2.5 seconds after an outage of an hour', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  for (let failures = 1; failures <= 1_440; failures += 1) {
    (await sink.written()).fail('connection refused');
    await until(() => hasNothingInFlight(outlet));
    await clock.advance(2_500);
  }
  t.is(sink.unread(), 1);
});

test('the outlet pauses as long as the sink asks', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(1));
  (await sink.written()).fail('429', 60_000);
  await until(() => outlet.status().lastError !== undefined);
  await clock.advance(59_999);
  t.is(sink.unread(), 0);
  await clock.advance(1);
  t.deepEqual((await sink.written()).points, points(1));
});

test('points that do not fill a batch wait for the write in flight, and are then written together', async (t) => {
  const { spool, sink } = await outletOver(t, { batchPoints: 100 });
  await spool.append(points(1, 1));
  const first = await sink.written();
  for (let number = 2; number <= 5; number += 1) await spool.append(points(1, number));
  t.is(sink.unread(), 0);
  first.accept();
  t.deepEqual((await sink.written()).points, points(4, 2));
});

test('the number of requests in flight rises while a backlog is written', async (t) => {
  const { spool, sink, outlet } = await outletOver(t, { batchPoints: 1 });
  for (let number = 1; number <= 60; number += 1) await spool.append(points(1, number));
  let mostInFlight = 0;
  for (let answers = 0; answers < 60; answers += 1) {
    (await sink.written()).accept();
    await until(() => outlet.status().accepted > answers);
    mostInFlight = Math.max(mostInFlight, outlet.status().inFlight);
  }
  await until(() => isDone(outlet));
  t.true(mostInFlight > 2, `at most ${mostInFlight} in flight`);
});

test('a stop aborts the write in flight and leaves its batch in the spool', async (t) => {
  const { spool, sink, stop, running, outlet } = await outletOver(t);
  await spool.append(points(2));
  const write = await sink.written();
  stop.abort();
  await running;
  t.true(write.signal.aborted);
  t.is(outlet.status().backlog.points, 2);
});

test('a batch without an accepted point pauses the outlet; other batches are written in between, and the sixth attempt moves its points to the retry set', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  await spool.append(points(2, 3));
  const throttled = points(2).map((point) => ({ point, reason: 'Please throttle' }));
  const refuse = async (): Promise<void> => {
    const write = await sink.written();
    t.deepEqual(write.points, points(2));
    write.rule({ kept: throttled });
    await until(() => hasNothingInFlight(outlet));
  };
  for (let tries = 1; tries <= 3; tries += 1) {
    await refuse();
    t.is(sink.unread(), 0, 'the outlet pauses');
    await clock.advance(30_000);
  }
  const other = await sink.written();
  t.deepEqual(other.points, points(2, 3));
  other.accept();
  for (let tries = 4; tries <= 6; tries += 1) {
    await refuse();
    if (tries < 6) await clock.advance(30_000);
  }
  t.is(outlet.status().backlog.points, 2, 'they are in the retry set');
  await clock.advance(500);
  await refuse();
});

test('a batch that gets no answer while other batches succeed goes into the retry set', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  for (let number = 3; number <= 21; number += 2) await spool.append(points(2, number));
  let fails = 0;
  while (outlet.status().backlog.points !== 2 || outlet.status().inFlight > 0 || fails < 6) {
    if (sink.unread() === 0) {
      // The outcome of an answered write is being stored.
      if (outlet.status().inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
      else await clock.advance(100);
      continue;
    }
    const write = await sink.written();
    if (write.points[0]?.value === '1.5') {
      fails += 1;
      write.fail('500 Internal Server Error');
    } else {
      write.accept();
    }
  }
  t.is(fails, 6);
  t.like(outlet.status(), { accepted: 20, kept: 2, backlog: { points: 2 } });
});

test('points that are kept for a day become dead letters', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  const stubborn = { point: firstPoint, reason: 'Write timedout' };
  (await sink.written()).rule({ kept: [stubborn] });
  await until(() => hasNothingInFlight(outlet));
  while (spool.deadLetters.count() === 0) {
    await clock.advance(600_000);
    if (sink.unread() > 0) (await sink.written()).rule({ kept: [stubborn] });
    await until(() => hasNothingInFlight(outlet));
  }
  t.like(everyLetter(spool.deadLetters)[0], { kind: 'kept-too-long', reason: 'Write timedout', sink: 'played' });
  t.is(outlet.status().backlog.points, 0);
});

test('every second batch is the newest while the lag is more than two seconds', async (t) => {
  const { clock, spool, sink } = await outletOver(t, { batchPoints: 1 });
  for (let number = 1; number <= 3; number += 1) await spool.append(points(1, number));
  const first = await sink.written();
  await clock.advance(2_001);
  await spool.append(points(1, 4));
  await spool.append(points(1, 5));
  const order: (string | undefined)[] = [first.points[0]?.value];
  first.accept();
  for (let write = 0; write < 4; write += 1) {
    const next = await sink.written();
    order.push(next.points[0]?.value);
    next.accept();
  }
  t.deepEqual(order, ['1.5', '5.5', '2.5', '4.5', '3.5']);
});

test('a dropped batch is not written again, and later points are', async (t) => {
  const { spool, sink, clock, outlet } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).fail('nobody answers');
  await until(() => outlet.status().lastError !== undefined);
  await spool.drop('played');
  await spool.append(points(2, 10));
  await clock.advance(30_000);
  t.deepEqual((await sink.written()).points, points(2, 10));
});

test('a point that `dead-letters retry` returned to the spool is written again', async (t) => {
  const { spool, sink } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).rule({ rejected: [{ point: firstPoint, reason: 'Unknown metric' }] });
  await until(() => spool.deadLetters.count() === 1);
  await spool.requeue(spool.letters.after(undefined).map(({ id }) => id));
  const again = await sink.written();
  t.deepEqual(again.points, points(1));
  again.accept();
});
