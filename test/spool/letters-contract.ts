// The part of the suite of contract.ts that is about dead letters and samples.

import type { Letter } from '../../src/spool/dead-letters/letters.ts';
import type { Spool } from '../../src/spool/spool.ts';
import type { SpoolReader } from '../../src/spool/readers/reader.ts';
import { everyLetter, lettersOf, rejected } from '../fakes/letters.ts';
import { until } from '../fakes/until.ts';
import { points } from '../fakes/points.ts';
import type { QueueTest } from './queue-fixture.ts';
import { nothing, run } from './small-spool.ts';

const tooOld = { kind: 'implausible-time', reason: 'before 2010', raw: '{"a":1}' };
const [point] = points(1) as [ReturnType<typeof points>[number]];

export function testLetters(queueTest: QueueTest): void {
  testDeadLetters(queueTest);
  testRequeue(queueTest);
  testRedeeming(queueTest);
  testSamples(queueTest);
}

/** Rejects the points 1 … `count`. */
const rejectAll = (queue: Spool, reader: SpoolReader, count: number): Promise<void> =>
  lettersOf(
    queue,
    reader,
    points(count),
    points(count).map((each) => rejected(each)),
  );

/** The only letter. */
function only(queue: Spool): Letter {
  const [letter, more] = everyLetter(queue.letters);
  if (letter === undefined || more !== undefined) throw new Error('expected one letter');
  return letter;
}

function testDeadLetters(queueTest: QueueTest): void {
  queueTest('a rejected point becomes a dead letter with its reason, and never comes again', async (t, tools) => {
    const { queue, clock, reopen } = tools;
    const reader = await queue.reader('tsdb');
    await lettersOf(queue, reader, [point], [rejected(point)]);
    const atMs = clock.now();
    const later = await reopen();
    t.like(only(later), { ...rejected(point), times: 1, firstAtMs: atMs, lastAtMs: atMs });
    const again = await later.reader('tsdb');
    t.deepEqual([again.next(9), again.nextRetry(), again.backlog().points], [undefined, undefined, 0]);
  });

  queueTest('equal contents are one letter, with a count and the last time', async (t, { queue, clock, reopen }) => {
    const firstAtMs = clock.now();
    await queue.append([], { deadLetter: tooOld });
    const bytes = queue.deadLetters.bytes();
    await clock.advance(5000);
    await queue.append([], { deadLetter: tooOld });
    const later = await reopen();
    t.like(only(later), { ...tooOld, times: 2, firstAtMs, lastAtMs: firstAtMs + 5000 });
    t.is(later.deadLetters.bytes(), bytes);
  });

  queueTest('letters are listed in turns, each once, and found by id', async (t, { queue }) => {
    await rejectAll(queue, await queue.reader('tsdb'), 250);
    const letters = everyLetter(queue.letters);
    t.is(new Set(letters.map(({ id }) => id)).size, 250);
    t.deepEqual(
      letters.map(({ raw }) => raw),
      points(250).map((each) => JSON.stringify(each)),
    );
    t.true(queue.letters.after(undefined).length <= 100, 'a turn fits in memory');
    for (const letter of letters.slice(0, 3)) t.deepEqual(queue.letters.get(letter.id), letter);
    t.is(queue.letters.get('nonesuch'), undefined);
  });

  queueTest('count and size survive a restart, and are 0 once all letters are dropped', async (t, tools) => {
    const { queue, reopen } = tools;
    await rejectAll(queue, await queue.reader('tsdb'), 3);
    const bytes = queue.deadLetters.bytes();
    t.true(bytes > 300);
    const later = await reopen();
    t.deepEqual([later.deadLetters.count(), later.deadLetters.bytes()], [3, bytes]);
    const ids = everyLetter(later.letters).map(({ id }) => id);
    t.is(await later.dropLetters([...ids, 'nonesuch']), 3);
    const last = await reopen();
    t.deepEqual([last.deadLetters.count(), last.deadLetters.bytes(), last.waitingBytes()], [0, 0, 0]);
    t.is(last.letters.get(ids[0] as string), undefined);
  });

  queueTest('additions are counted by kind, including repeated contents', async (t, { queue }) => {
    const reader = await queue.reader('tsdb');
    await lettersOf(queue, reader, points(1), [rejected(point)]);
    await lettersOf(queue, reader, points(1), [rejected(point)]);
    await queue.append([], { deadLetter: tooOld });
    t.deepEqual(queue.deadLetters.added(), { rejected: 2, [tooOld.kind]: 1 });
    t.is(queue.deadLetters.count(), 2);
  });
}

function testRequeue(queueTest: QueueTest): void {
  queueTest('requeued points come again unchanged to the sink that rejected them', async (t, { queue, reopen }) => {
    const [reader, other] = [await queue.reader('tsdb'), await queue.reader('other')];
    await rejectAll(queue, reader, 120);
    await other.finish(other.next(1000) as never, nothing);
    const requeued = await queue.requeue(everyLetter(queue.letters).map(({ id }) => id));
    t.deepEqual([requeued.length, requeued.every(({ sink }) => sink === 'tsdb')], [120, true]);
    t.deepEqual([queue.deadLetters.count(), reader.backlog().points], [0, 120]);
    t.deepEqual([other.nextRetry(), other.next(9), other.backlog().points], [undefined, undefined, 0]);
    const later = await reopen();
    const again = await later.reader('tsdb');
    const back: string[] = [];
    for (let retry = again.nextRetry(); retry !== undefined; retry = again.nextRetry()) {
      t.is(retry.attempts, 0);
      back.push(...retry.points.map((each) => JSON.stringify(each)));
    }
    t.deepEqual(
      back,
      points(120).map((each) => JSON.stringify(each)),
    );
    t.is(later.deadLetters.count(), 0);
  });

  queueTest(
    'a letter of a removed sink, without a point, or of an unknown id stays, with the reason',
    async (t, tools) => {
      const { queue } = tools;
      await lettersOf(queue, await queue.reader('tsdb'), points(1), [
        rejected(point, 'Unknown metric', 'gone'),
        { kind: 'damaged', reason: 'checksum', raw: 'x' },
      ]);
      const idOf = (kind: string): string => everyLetter(queue.letters).find((each) => each.kind === kind)?.id ?? '';
      const requeued = await queue.requeue([idOf('damaged'), idOf('rejected'), 'nonesuch']);
      t.deepEqual(
        requeued.map(({ refused }) => refused),
        [
          'a letter of the kind damaged holds no point of a sink',
          'its sink, gone, is not there any more',
          'it is not there any more',
        ],
      );
      t.is(queue.deadLetters.count(), 2);
    },
  );
}

function testRedeeming(queueTest: QueueTest): void {
  queueTest('a delivery that redeems a letter deletes it with the append, and only once', async (t, { queue }) => {
    const reader = await queue.reader('tsdb');
    await queue.append([], { deadLetter: tooOld });
    const { id: redeems } = only(queue);
    const both = await Promise.allSettled([queue.append([point], { redeems }), queue.append([point], { redeems })]);
    t.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    t.like(both[1], { reason: { name: 'NoSuchLetter' } });
    t.deepEqual([queue.deadLetters.count(), reader.next(10)?.pointCount], [0, 1]);
  });

  queueTest('a duplicate deletes the letter that it redeems', async (t, { queue }) => {
    await queue.append(points(1), run('a'));
    await queue.append([], { deadLetter: tooOld });
    t.is(await queue.append(points(1), { ...run('a'), redeems: only(queue).id }), 'duplicate');
    t.is(queue.deadLetters.count(), 0);
  });
}

function testSamples(queueTest: QueueTest): void {
  const malformed = (body: string) => ({ body: Buffer.from(body), reason: 'body: no push', from: '203.0.113.9' });

  queueTest('equal malformed bodies are one sample, which survives a restart', async (t, tools) => {
    const { queue, clock, reopen } = tools;
    const firstAtMs = clock.now();
    queue.samples.take(malformed('garbage'));
    await until(() => queue.samples.count() === 1);
    await clock.advance(5000);
    queue.samples.take(malformed('garbage'));
    await until(() => queue.samples.after(undefined)[0]?.times === 2);
    const bytes = queue.samples.bytes();
    const later = await reopen();
    const sample = only(later);
    t.like(sample, { kind: 'malformed', reason: 'body: no push', raw: 'garbage', from: '203.0.113.9' });
    t.like(sample, { times: 2, firstAtMs, lastAtMs: firstAtMs + 5000 });
    t.deepEqual([later.samples.get(sample.id), later.samples.bytes(), later.deadLetters.count()], [sample, bytes, 0]);
  });

  queueTest('samples are a ring: the newest stay, and take nothing from the bound', async (t, { queue, clock }) => {
    const body = (number: number): string => `${number} `.padEnd(16_000, 'x');
    const last = 1_100;
    for (let number = 1; number <= last; number += 1) {
      queue.samples.take(malformed(body(number)));
      await clock.advance(100);
    }
    await until(() => queue.samples.count() > 0);
    const numbers = everyLetter(queue.samples).map(({ raw }) => Number.parseInt(raw, 10));
    t.is(numbers.at(-1), last);
    t.true(numbers.length > 0 && numbers.length < last);
    t.deepEqual(
      numbers,
      numbers.map((_, index) => last - numbers.length + 1 + index),
    );
    t.is(queue.waitingBytes(), 0);
  });
}
