// An outlet gets every point to its sink, whatever the sink answers.

import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../src/runtime/log.ts';
import { outlet } from '../../src/outlet/outlet.ts';
import { expanded } from '../../src/model/factored-points.ts';
import type { SinkBatch } from '../../src/model/sink.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { SpoolFull } from '../../src/spool/spool-full.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { readLog } from '../fakes/log.ts';
import { runs } from '../fakes/batches.ts';
import { points } from '../fakes/points.ts';
import { playedSink } from '../fakes/sink.ts';
import { movableClock } from '../fakes/time.ts';
import { everyLetter } from '../fakes/letters.ts';

async function outletOver(
  t: ExecutionContext,
  { batchPoints = 2, batches }: { readonly batchPoints?: number; readonly batches?: SinkBatch[] } = {},
) {
  const clock = movableClock();
  const spool = await openSpool({ directory: await temporaryDirectory(t), maxBytes: 1 << 20, clock });
  const sink = playedSink({ batchPoints, ...(batches !== undefined && { batches }) });
  const reader = await spool.reader(sink.name);
  const stop = new AbortController();
  const one = outlet({ reader, sink, clock, random: () => 1, log: silentLog() });
  const running = one.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
    await spool.close();
  });
  return { clock, spool, sink, outlet: one, stop, running };
}

/** Until what was ruled on is written down. */
async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('accepted points are done', async (t) => {
  const { spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  const write = await sink.written();
  t.deepEqual(write.points, points(2));
  write.accept();
  await settled(() => outlet.status().backlog.points + outlet.status().inFlight === 0);
  t.like(outlet.status(), { accepted: 2, rejected: 0, kept: 0, inFlight: 0, lastError: undefined });
});

test('a sink that takes batches is given them as they were delivered, and the points of the retry set one by one', async (t) => {
  const batches: SinkBatch[] = [];
  const { spool, sink, outlet, clock } = await outletOver(t, { batchPoints: 6, batches });
  const [run] = runs(1);
  const all = expanded(run as NonNullable<typeof run>);
  await spool.append(run as NonNullable<typeof run>);
  const write = await sink.written();
  t.deepEqual([batches[0]?.deliveries, batches[0]?.pointCount], [[run], 6]);
  const [first] = batches[0]?.points ?? [];
  write.rule({ kept: [{ point: first as NonNullable<typeof first>, reason: 'later' }] });
  await settled(() => outlet.status().kept === 1 && outlet.status().inFlight === 0);
  t.like(outlet.status(), { accepted: 5, rejected: 0, kept: 1 });
  await clock.advance(2_000);
  const again = await sink.written();
  t.deepEqual([again.points, batches.length], [[all[0]], 1]);
  again.accept();
  await settled(() => outlet.status().accepted === 6);
});

test('a batch whose points are all kept is written again as a batch', async (t) => {
  const batches: SinkBatch[] = [];
  const { spool, sink, outlet, clock } = await outletOver(t, { batchPoints: 6, batches });
  await spool.append(runs(1)[0] as ReturnType<typeof runs>[0]);
  (await sink.written()).rule({ kept: batches[0]?.points.map((point) => ({ point, reason: 'not one' })) ?? [] });
  await settled(() => outlet.status().inFlight === 0);
  t.is(outlet.status().lastError, 'not one');
  await clock.advance(4_000);
  (await sink.written()).accept();
  await settled(() => outlet.status().accepted === 6);
  t.is(batches.length, 2);
});

test('what the spool cannot write down at the time is written down later, however often it cannot, and nothing is sent another time', async (t) => {
  const clock = movableClock();
  const spool = await openSpool({ directory: await temporaryDirectory(t), maxBytes: 1 << 20, clock });
  const sink = playedSink({ batchPoints: 2 });
  const reader = await spool.reader(sink.name);
  let failures = 0;
  const failing: typeof reader = {
    ...reader,
    async finish(batch, outcome) {
      if ((failures += 1) <= 8) throw new SpoolFull('disk: no space left');
      return reader.finish(batch, outcome);
    },
  };
  const stop = new AbortController();
  const { log, lines } = readLog();
  const one = outlet({ reader: failing, sink, clock, random: () => 1, log });
  const running = one.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
    await spool.close();
  });
  await spool.append(points(2));
  (await sink.written()).accept();
  while (failures <= 8) {
    await settled(() => one.status().lastError === 'disk: no space left');
    await clock.advance(1_000);
  }
  await settled(() => one.status().inFlight === 0);
  t.like(one.status(), { accepted: 2, rejected: 0, kept: 0, backlog: { points: 0 }, lastError: undefined });
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

test('a rejected point becomes a dead letter with the reason, its neighbours are done', async (t) => {
  const { spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  const write = await sink.written();
  write.rule({ rejected: [{ point: points(1)[0] as never, reason: 'Unknown metric' }] });
  await settled(() => outlet.status().backlog.points + outlet.status().inFlight === 0);
  const [letter] = everyLetter(spool.deadLetters);
  t.like(letter, { kind: 'rejected', reason: 'Unknown metric', sink: 'played', raw: JSON.stringify(points(1)[0]) });
  t.like(outlet.status(), { accepted: 1, rejected: 1 });
});

test('a kept point is written again after a pause, alone, while others go on', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).rule({ kept: [{ point: points(1)[0] as never, reason: 'Please throttle' }] });
  await settled(() => outlet.status().kept === 1);
  await spool.append(points(2, 3));
  const other = await sink.written();
  t.deepEqual(other.points, points(2, 3));
  other.accept();
  await settled(() => outlet.status().inFlight === 0);
  t.is(outlet.status().backlog.points, 1);
  await clock.advance(500);
  const again = await sink.written();
  t.deepEqual(again.points, points(1));
  again.accept();
  await settled(() => outlet.status().backlog.points + outlet.status().inFlight === 0);
});

test('outlet keeps the batch when the sink throws, and writes it again after a growing pause', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).fail('connection refused');
  await settled(() => outlet.status().lastError !== undefined);
  t.like(outlet.status(), { lastError: 'connection refused', inFlight: 0 });
  await clock.advance(249);
  t.is(sink.unread(), 0);
  await clock.advance(1);
  const second = await sink.written();
  t.deepEqual(second.points, points(2));
  second.fail('connection refused');
  await settled(() => outlet.status().inFlight === 0);
  await clock.advance(499);
  t.is(sink.unread(), 0);
  await clock.advance(1);
  (await sink.written()).accept();
  await settled(() => outlet.status().backlog.points + outlet.status().inFlight === 0);
  t.is(outlet.status().lastError, undefined);
});

test('a sink that was away for an hour is found within two and a half seconds of its return', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  for (let failures = 1; failures <= 1_440; failures += 1) {
    (await sink.written()).fail('connection refused');
    await settled(() => outlet.status().inFlight === 0);
    await clock.advance(2_500);
  }
  t.is(sink.unread(), 1);
});

test('a pause that the sink asks for is kept', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(1));
  (await sink.written()).fail('429', 60_000);
  await settled(() => outlet.status().lastError !== undefined);
  await clock.advance(59_999);
  t.is(sink.unread(), 0);
  await clock.advance(1);
  t.deepEqual((await sink.written()).points, points(1));
});

test('few points wait for the write in flight and then go together', async (t) => {
  const { spool, sink } = await outletOver(t, { batchPoints: 100 });
  await spool.append(points(1, 1));
  const first = await sink.written();
  for (let number = 2; number <= 5; number += 1) await spool.append(points(1, number));
  t.is(sink.unread(), 0);
  first.accept();
  t.deepEqual((await sink.written()).points, points(4, 2));
});

test('a backlog is written with more and more requests in flight', async (t) => {
  const { spool, sink, outlet } = await outletOver(t, { batchPoints: 1 });
  for (let number = 1; number <= 60; number += 1) await spool.append(points(1, number));
  let mostInFlight = 0;
  for (let answers = 0; answers < 60; answers += 1) {
    (await sink.written()).accept();
    await settled(() => outlet.status().accepted > answers);
    mostInFlight = Math.max(mostInFlight, outlet.status().inFlight);
  }
  await settled(() => outlet.status().backlog.points + outlet.status().inFlight === 0);
  t.true(mostInFlight > 2, `at most ${mostInFlight} in flight`);
});

test('stopping gives up the write in flight and leaves its batch in the spool', async (t) => {
  const { spool, sink, stop, running, outlet } = await outletOver(t);
  await spool.append(points(2));
  const write = await sink.written();
  stop.abort();
  await running;
  t.true(write.signal.aborted);
  t.is(outlet.status().backlog.points, 2);
});

test('when nothing of a batch is taken it is written again after a pause for all, others are tried between, and in the end it makes room', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  await spool.append(points(2, 3));
  const throttled = points(2).map((point) => ({ point, reason: 'Please throttle' }));
  const refuse = async (): Promise<void> => {
    const write = await sink.written();
    t.deepEqual(write.points, points(2));
    write.rule({ kept: throttled });
    await settled(() => outlet.status().inFlight === 0);
  };
  for (let tries = 1; tries <= 3; tries += 1) {
    await refuse();
    t.is(sink.unread(), 0, 'there is a pause');
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

test('a batch that the sink never answers while it answers others goes into the retry set', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  for (let number = 3; number <= 21; number += 2) await spool.append(points(2, number));
  let fails = 0;
  while (outlet.status().backlog.points !== 2 || outlet.status().inFlight > 0 || fails < 6) {
    if (sink.unread() === 0) {
      // What is in flight and was answered is being written down.
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

test('points that were kept for a day become dead letters', async (t) => {
  const { clock, spool, sink, outlet } = await outletOver(t);
  await spool.append(points(2));
  const stubborn = { point: points(1)[0] as never, reason: 'Write timedout' };
  (await sink.written()).rule({ kept: [stubborn] });
  await settled(() => outlet.status().inFlight === 0);
  while (spool.deadLetters.count() === 0) {
    await clock.advance(600_000);
    if (sink.unread() > 0) (await sink.written()).rule({ kept: [stubborn] });
    await settled(() => outlet.status().inFlight === 0);
  }
  t.like(everyLetter(spool.deadLetters)[0], { kind: 'kept-too-long', reason: 'Write timedout', sink: 'played' });
  t.is(outlet.status().backlog.points, 0);
});

test('with more than two seconds of lag every second batch is the newest', async (t) => {
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

test('what was dropped is not written again, and what comes after it is', async (t) => {
  const { spool, sink, clock, outlet } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).fail('nobody answers');
  await settled(() => outlet.status().lastError !== undefined);
  await spool.drop('played');
  await spool.append(points(2, 10));
  await clock.advance(30_000);
  t.deepEqual((await sink.written()).points, points(2, 10));
});

test('a point that went back for its sink is written again', async (t) => {
  const { spool, sink } = await outletOver(t);
  await spool.append(points(2));
  (await sink.written()).rule({ rejected: [{ point: points(1)[0] as never, reason: 'Unknown metric' }] });
  await settled(() => spool.deadLetters.count() === 1);
  await spool.returnPoints(spool.letters.after(undefined).map(({ id }) => id));
  const again = await sink.written();
  t.deepEqual(again.points, points(1));
  again.accept();
});
