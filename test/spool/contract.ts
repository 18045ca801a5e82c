// The test suite of a queue between sources and sinks (the interface Spool). Every queue passes it.

import { expanded } from '../../src/model/factored-points.ts';
import type { DataPoint, FactoredPoints, Points } from '../../src/model/point.ts';
import type { Retry } from '../../src/spool/readers/batches.ts';
import { points } from '../fakes/points.ts';
import { testLetters } from './letters-contract.ts';
import { type OpenQueue, type QueueTest, queueTests } from './queue-fixture.ts';
import { drained, finishNext, nothing, push, run } from './small-spool.ts';

const dayMs = 86_400_000;
const empty = { points: 0, bytes: 0, oldestAtMs: undefined };

/** Registers the suite for a queue. */
export function testQueue(name: string, open: OpenQueue): void {
  const queueTest = queueTests(name, open);
  testDeliveries(queueTest);
  testOutcomes(queueTest);
  testSinks(queueTest);
  testRemovedSinks(queueTest);
  testRuns(queueTest);
  testBound(queueTest);
  testParking(queueTest);
  testLetters(queueTest);
}

/** Points that differ in everything that a point has. */
const various: readonly Points[] = [
  points(2),
  [
    { metric: 'github.api.a+b;c', timestamp: 1794994452, unit: 's', value: '0.10', tags: {} },
    { metric: 'a', timestamp: 1794994452123, unit: 'ms', value: '-1e-7', tags: { z: 'São_Paulo', a: '北京', m: '1' } },
    {
      metric: 'errors',
      timestamp: 1794994452,
      unit: 's',
      value: '9223372036854775807',
      tags: { b: '"', a: '\\' },
      annotation: {
        startMs: 1794994452123,
        endMs: 1794994453000,
        description: 'two\nlines',
        custom: { y: '1', x: '2' },
      },
    },
  ],
  {
    timestamp: 1794994452,
    unit: 's',
    tail: '.204417',
    series: [
      { stem: 'rtt.by_', value: '12.50' },
      { stem: 'errors.by_', value: '1', tags: { code: '7' } },
    ],
    cuts: { tags: { nodeid: '312' }, cuts: [['node'], ['country', 'China'], ['asn', '4134']] },
    tags: { test: '9' },
    rest: points(1, 3),
  } satisfies FactoredPoints,
];

/** A text of the points that differs if any byte of what a sink renders does, the order of tags included. */
function exact(some: readonly DataPoint[]): string {
  const parts = some.map(({ metric, timestamp, unit, value, tags, annotation }) => [
    metric,
    timestamp,
    unit,
    value,
    Object.entries(tags),
    annotation,
  ]);
  return JSON.stringify(parts);
}

function testDeliveries(queueTest: QueueTest): void {
  queueTest('a delivery can be read once append has resolved, and wakes the reader', async (t, { queue }) => {
    const reader = await queue.reader('tsdb');
    t.is(reader.next(10), undefined);
    const woken = reader.wakeup.wait();
    t.is(await queue.append(points(2)), 'stored');
    t.deepEqual(reader.next(10)?.points, points(2));
    await woken;
  });

  queueTest('points keep their order and every byte, over a restart too', async (t, { queue, reopen }) => {
    const wanted = exact(various.flatMap(expanded));
    await queue.reader('tsdb');
    const reader = await queue.reader('second');
    await Promise.all(various.map((each) => queue.append(each)));
    t.is(exact(await drained(reader)), wanted);
    t.is(exact(await drained(await (await reopen()).reader('tsdb'), 1)), wanted);
  });

  queueTest('a batch has whole deliveries up to the requested points, and at least one', async (t, { queue }) => {
    const reader = await queue.reader('tsdb');
    for (let first = 1; first <= 9; first += 3) await queue.append(points(3, first));
    t.deepEqual(
      [reader.next(7), reader.next(1), reader.next(1)].map((batch) => batch?.pointCount),
      [6, 3, undefined],
    );
  });

  queueTest('a reader takes nothing twice, from the oldest or from the newest end', async (t, { queue }) => {
    const reader = await queue.reader('tsdb');
    await push(queue, 1, 9);
    const batches = [reader.next(2), reader.next(2, 'newest'), reader.next(20), reader.next(20, 'newest')];
    t.deepEqual(batches[0]?.points, points(2));
    t.deepEqual(batches[1]?.points.at(-1), points(1, 9)[0]);
    t.deepEqual(
      batches
        .flatMap((batch) => batch?.points ?? [])
        .map(({ value }) => value)
        .toSorted(),
      points(9).map(({ value }) => value),
    );
    t.deepEqual([reader.next(20), reader.untakenPoints()], [undefined, 0]);
    await queue.append(points(1, 10));
    t.deepEqual(reader.next(20)?.points, points(1, 10));
  });

  queueTest('after a restart unfinished batches come again, finished ones do not', async (t, { queue, reopen }) => {
    const reader = await queue.reader('tsdb');
    await push(queue, 1, 3);
    const [, second] = [reader.next(1), reader.next(1), reader.next(1)];
    await reader.finish(second as NonNullable<typeof second>, nothing);
    const later = await (await reopen()).reader('tsdb');
    t.deepEqual([later.next(1)?.points, later.next(1)?.points, later.next(1)], [points(1, 1), points(1, 3), undefined]);
  });

  queueTest('the backlog is the same before and after a restart', async (t, { queue, clock, reopen }) => {
    const reader = await queue.reader('tsdb');
    const firstAtMs = clock.now();
    await queue.append(points(4));
    await clock.advance(1000);
    await queue.append(points(2, 5));
    t.like(reader.backlog(), { points: 6, oldestAtMs: firstAtMs });
    await finishNext(reader, nothing, 4);
    t.like(reader.backlog(), { points: 2, oldestAtMs: firstAtMs + 1000 });
    const later = await (await reopen()).reader('tsdb');
    t.like(later.backlog(), { points: 2, oldestAtMs: firstAtMs + 1000 });
    await finishNext(later);
    t.deepEqual(later.backlog(), empty);
  });
}

function testOutcomes(queueTest: QueueTest): void {
  queueTest('accepted points never come again, and take no space', async (t, { queue, reopen }) => {
    const reader = await queue.reader('tsdb');
    await push(queue, 1, 5);
    t.true(queue.waitingBytes() > 0);
    t.deepEqual(await drained(reader, 2), points(5));
    t.is(queue.waitingBytes(), 0);
    const later = await reopen();
    const again = await later.reader('tsdb');
    t.deepEqual(
      [again.next(9), again.nextRetry(), again.backlog(), later.waitingBytes()],
      [undefined, undefined, empty, 0],
    );
  });

  queueTest('kept points come again after their pause with their attempts, over a restart too', async (t, tools) => {
    const { queue, clock, reopen } = tools;
    const reader = await queue.reader('tsdb');
    await queue.append(points(3));
    const keptAtMs = clock.now();
    await finishNext(reader, { kept: points(1, 2), pauseMs: 1000 });
    t.deepEqual([reader.nextRetry(), reader.next(9)], [undefined, undefined]);
    const later = await (await reopen()).reader('tsdb');
    t.like(later.backlog(), { points: 1, oldestAtMs: keptAtMs });
    await clock.advance(999);
    t.is(later.nextRetry(), undefined);
    await clock.advance(1);
    const retry = later.nextRetry() as Retry;
    t.like(retry, { points: points(1, 2), attempts: 1, firstKeptAtMs: keptAtMs });
    t.is(later.nextRetry(), undefined);
    await later.finishRetry(retry, { ...nothing, kept: points(1, 2), pauseMs: 0 });
    const again = later.nextRetry() as Retry;
    t.like(again, { attempts: 2, firstKeptAtMs: keptAtMs });
    await later.finishRetry(again, nothing);
    t.deepEqual([later.nextRetry(), later.next(9), later.backlog()], [undefined, undefined, empty]);
    t.is((await (await reopen()).reader('tsdb')).nextRetry(), undefined);
  });

  queueTest('a retry without an outcome comes again after a restart', async (t, { queue, reopen }) => {
    const reader = await queue.reader('tsdb');
    await queue.append(points(1));
    await finishNext(reader, { kept: points(1) });
    t.is(reader.nextRetry()?.attempts, 1);
    t.like((await (await reopen()).reader('tsdb')).nextRetry(), { points: points(1), attempts: 1 });
  });

  queueTest('setting the clock back does not delay a retry', async (t, { queue, clock, reopen }) => {
    const reader = await queue.reader('tsdb');
    await queue.append(points(1));
    await finishNext(reader, { kept: points(1), pauseMs: 1000 });
    clock.jump(-dayMs);
    t.is(reader.nextRetry(), undefined);
    await clock.advance(1000);
    t.deepEqual(reader.nextRetry()?.points, points(1));
    const later = await (await reopen()).reader('tsdb');
    await clock.advance(600_000);
    t.deepEqual(later.nextRetry()?.points, points(1));
  });
}

function testSinks(queueTest: QueueTest): void {
  queueTest('a new sink starts at the end of the queue', async (t, { queue }) => {
    const first = await queue.reader('first');
    await queue.append(points(1, 1));
    const second = await queue.reader('second');
    await queue.append(points(1, 2));
    t.deepEqual(second.next(10)?.points, points(1, 2));
    t.deepEqual(first.next(10)?.points, points(2));
  });

  queueTest('each sink has its own position and its own kept points', async (t, { queue, reopen }) => {
    const [first, second] = [await queue.reader('first'), await queue.reader('second')];
    await push(queue, 1, 4);
    await finishNext(first, { kept: points(1) }, 1);
    t.deepEqual(await drained(first), points(3, 2));
    t.deepEqual([second.nextRetry(), second.backlog().points], [undefined, 4]);
    await finishNext(second, nothing, 2);
    const later = await reopen();
    const [firstLater, secondLater] = [await later.reader('first'), await later.reader('second')];
    t.deepEqual([firstLater.next(9), firstLater.nextRetry()?.points], [undefined, points(1)]);
    t.deepEqual([secondLater.next(9)?.points, secondLater.nextRetry()], [points(2, 3), undefined]);
  });

  queueTest('a dropped backlog never comes again, later points do', async (t, { queue, reopen }) => {
    const reader = await queue.reader('tsdb');
    const other = await queue.reader('other');
    await queue.append(points(3));
    await finishNext(reader, { kept: points(2) });
    await queue.append(points(4, 10));
    const { points: dropped, bytes } = await queue.drop('tsdb');
    t.is(dropped, 6);
    t.true(bytes > 0);
    t.deepEqual([reader.next(10), reader.nextRetry(), reader.untakenPoints()], [undefined, undefined, 0]);
    t.deepEqual(reader.backlog(), empty);
    await queue.append(points(1, 20));
    t.deepEqual(reader.next(10)?.points, points(1, 20));
    t.is(other.next(10)?.pointCount, 8);
    const later = await (await reopen()).reader('tsdb');
    t.deepEqual(later.next(10)?.points, points(1, 20));
  });

  queueTest('a drop for an unknown sink is refused with the known names', async (t, { queue }) => {
    await queue.reader('tsdb');
    await t.throwsAsync(queue.drop('tsbd'), { name: 'NoSuchSink', message: /"tsbd".*there is tsdb$/ });
  });
}

function testRemovedSinks(queueTest: QueueTest): void {
  queueTest('the backlog of a removed sink is held, and does not grow', async (t, { queue, reopen }) => {
    await queue.reader('gone');
    await queue.append(points(2));
    const later = await reopen();
    const reader = await later.reader('tsdb');
    t.deepEqual(await later.markRemovedSinks(), [{ name: 'gone', points: 2 }]);
    await push(later, 10, 30);
    t.is((await drained(reader)).length, 21);
    t.deepEqual(await later.markRemovedSinks(), [{ name: 'gone', points: 2 }]);
    const both = await reopen();
    const back = await both.reader('gone');
    await both.reader('tsdb');
    t.is(back.backlog().points, 2);
    t.deepEqual(await drained(back), points(2));
    t.deepEqual([back.next(9), back.backlog(), both.waitingBytes()], [undefined, empty, 0]);
  });

  queueTest('a removed sink continues at its position within a week, later at the end', async (t, tools) => {
    const { queue, clock, reopen } = tools;
    await queue.reader('gone');
    await queue.append(points(2));
    const second = await reopen();
    await second.reader('tsdb');
    await second.markRemovedSinks();
    await clock.advance(6 * dayMs);
    t.deepEqual(await second.tidy(), []);
    const back = await (await reopen()).reader('gone');
    t.deepEqual(back.next(9)?.points, points(2));
    const fourth = await reopen();
    await fourth.reader('tsdb');
    await fourth.markRemovedSinks();
    await clock.advance(7 * dayMs + 1);
    t.deepEqual(await fourth.tidy(), [{ name: 'gone', points: 2 }]);
    t.is((await (await reopen()).reader('gone')).next(9), undefined);
  });
}

function testRuns(queueTest: QueueTest): void {
  queueTest('a repeated run is a duplicate, while the first is written and after a restart', async (t, tools) => {
    const { queue, reopen } = tools;
    await queue.reader('tsdb');
    const both = await Promise.all([queue.append(points(1), run('a')), queue.append(points(1), run('a'))]);
    t.deepEqual(both, ['stored', 'duplicate']);
    const later = await reopen();
    t.is(await later.append(points(1), run('a')), 'duplicate');
    t.is((await later.reader('tsdb')).next(10)?.pointCount, 1);
  });

  queueTest('a run with other contents is stored once, as a conflict', async (t, { queue, reopen }) => {
    await queue.reader('tsdb');
    await queue.append(points(1), run('a', 'one'));
    t.is(await queue.append(points(1, 2), run('a', 'two')), 'conflict');
    t.is(await queue.append(points(1, 2), run('a', 'two')), 'duplicate');
    const later = await reopen();
    t.is(await later.append(points(1, 3), run('a', 'three')), 'conflict');
    for (const contents of ['one', 'two', 'three'])
      t.is(await later.append(points(1), run('a', contents)), 'duplicate');
    t.deepEqual(await drained(await later.reader('tsdb')), points(3));
  });
}

function testBound(queueTest: QueueTest): void {
  const bound = 32_768;
  queueTest(
    'above its bound the queue refuses with 503 and Retry-After, until a sink has finished something',
    async (t, { queue }) => {
      const reader = await queue.reader('tsdb');
      const refusal = { name: 'SpoolFull', message: new RegExp(`at most ${bound} bytes, found \\d+ waiting`) };
      const fill = async () => {
        for (;;) await queue.append(points(10));
      };
      const full = await t.throwsAsync(fill, refusal);
      t.like(full, { status: 503, expose: true, retryAfterMs: 30_000 });
      await t.throwsAsync(queue.append(points(10), run('a')), refusal);
      await drained(reader, 1);
      t.is(await queue.append(points(10), run('a')), 'stored');
    },
    bound,
  );

  queueTest(
    'a raised bound accepts again, and a lowered one leaves the backlog',
    async (t, { queue }) => {
      const reader = await queue.reader('tsdb');
      let count = 0;
      const fill = async () => {
        for (; ; count += 1) await queue.append(points(10));
      };
      await t.throwsAsync(fill, { name: 'SpoolFull' });
      queue.setMaxBytes(2 * bound);
      t.is(queue.maxBytes(), 2 * bound);
      t.is(await queue.append(points(10)), 'stored');
      queue.setMaxBytes(bound / 4);
      await t.throwsAsync(queue.append(points(10)), { name: 'SpoolFull' });
      t.is((await drained(reader)).length, 10 * (count + 1));
    },
    bound,
  );
}

function testParking(queueTest: QueueTest): void {
  queueTest(
    'a parked measurement survives a restart, and leaves with the delivery that completes it',
    async (t, tools) => {
      const { queue, clock, reopen } = tools;
      await queue.append(points(1), { parked: { waitsFor: '312', payload: '{"one":1}' } });
      await queue.append(points(1), { parked: { waitsFor: '540', payload: '{"two":2}' } });
      const later = await reopen();
      t.deepEqual(later.parking.waitedFor(), ['312', '540']);
      t.deepEqual(later.parking.waitingFor('1', 10), []);
      const [entry, more] = later.parking.waitingFor('312', 10);
      t.like(entry, { payload: '{"one":1}', parkedAtMs: clock.now() });
      t.is(more, undefined);
      await later.append(points(1), { completes: (entry as NonNullable<typeof entry>).id });
      const last = await reopen();
      t.deepEqual([last.parking.waitedFor(), last.parking.count()], [['540'], 1]);
    },
  );

  queueTest(
    'a measurement above the parking bound becomes a dead letter',
    async (t, { queue }) => {
      let count = 0;
      const next = () => ({ waitsFor: '1', payload: `${count}`.padEnd(1000) });
      for (; queue.parking.hasRoomFor(next()); count += 1) await queue.append(points(1), { parked: next() });
      t.true(count > 0);
      t.is(await queue.append(points(1), { parked: next() }), 'stored');
      t.is(queue.parking.count(), count);
      t.like(queue.deadLetters.after(undefined), { 0: { kind: 'parking-full', raw: next().payload }, length: 1 });
    },
    1 << 17,
  );
}
