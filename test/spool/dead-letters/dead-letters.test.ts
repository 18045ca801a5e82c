// Dead letters are stored whole, counted, and deleted in one transaction with their requeue.

import test from 'ava';
import { wholeInput } from '../../../src/spool/dead-letters/letters.ts';
import type { SpoolReader } from '../../../src/spool/readers/reader.ts';
import type { Spool } from '../../../src/spool/spool.ts';
import { everyLetter, lettersOf, readSpool, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';

const [point] = points(1) as [ReturnType<typeof points>[number]];

/** Rejects so many points. */
const rejectAll = (spool: Spool, reader: SpoolReader, count: number): Promise<void> =>
  lettersOf(
    spool,
    reader,
    points(count),
    points(count).map((each) => rejected(each)),
  );

test('a large input is stored whole', async (t) => {
  const { spool } = await readSpool(t);
  const raw = JSON.stringify({ padding: 'é'.repeat(40_000) });
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw } });
  const [letter] = spool.letters.after(undefined);
  t.is(wholeInput(letter as NonNullable<typeof letter>)?.toString(), raw);
});

test('count and size survive a restart, and are 0 after all letters are deleted', async (t) => {
  const { spool, reader, reopened } = await readSpool(t);
  await rejectAll(spool, reader, 3);
  const bytes = spool.deadLetters.bytes();
  t.true(bytes > 300);
  const later = await reopened();
  t.deepEqual([later.deadLetters.count(), later.deadLetters.bytes()], [3, bytes]);
  t.is(await later.dropLetters(later.letters.after(undefined).map(({ id }) => id)), 3);
  t.deepEqual([later.deadLetters.count(), later.deadLetters.bytes(), later.waitingBytes()], [0, 0, 0]);
});

test('a repeated letter is one letter', async (t) => {
  const { spool, reader } = await readSpool(t);
  await lettersOf(spool, reader, points(2), [rejected(point), rejected(point)]);
  const bytes = spool.deadLetters.bytes();
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  t.deepEqual([spool.deadLetters.count(), spool.deadLetters.bytes()], [1, bytes]);
  t.is(spool.letters.after(undefined)[0]?.times, 3);
});

test('more letters than fit in memory are read in turns, each once', async (t) => {
  const { spool, reader } = await readSpool(t);
  await rejectAll(spool, reader, 250);
  const seen = new Set<string>();
  let turns = 0;
  for (let turn = spool.letters.after(undefined); turn.length > 0; turn = spool.letters.after(turn.at(-1))) {
    for (const { id } of turn) seen.add(id);
    turns += 1;
  }
  t.deepEqual([seen.size, turns], [250, 3]);
});

test('a delivery that redeems a letter deletes it in the same frame, and only once', async (t) => {
  const { spool, reader } = await readSpool(t);
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw: '{}' } });
  const [{ id } = { id: '' }] = spool.letters.after(undefined);
  const both = await Promise.allSettled([
    spool.append([point], { redeems: id }),
    spool.append([point], { redeems: id }),
  ]);
  t.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  t.is(spool.deadLetters.count(), 0);
  t.is(reader.next(10)?.points.length, 1);
});

test("a delivery that redeems a letter is accepted above the letters' share", async (t) => {
  const { spool } = await readSpool(t, { maxBytes: 8000 });
  const deadLetter = { kind: 'implausible-time', reason: 'before 2010', raw: 'x'.repeat(1500) };
  await spool.append([], { deadLetter });
  await t.throwsAsync(spool.append(points(1)), { name: 'SpoolFull', message: /dead letters/ });
  const [{ id } = { id: '' }] = spool.letters.after(undefined);
  t.is(await spool.append(points(1), { redeems: id }), 'stored');
  t.is(await spool.append(points(1)), 'stored');
});

test('a duplicate deletes the letter that it redeems', async (t) => {
  const { spool } = await readSpool(t);
  const run = { key: 'a', digest: 'a' };
  await spool.append(points(1), { run });
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw: '{}' } });
  const [{ id } = { id: '' }] = spool.letters.after(undefined);
  t.is(await spool.append(points(1), { run, redeems: id }), 'duplicate');
  t.is(spool.deadLetters.count(), 0);
});

test('points are requeued unchanged for the sink that rejected them, and their letters are deleted in the same frame', async (t) => {
  const { spool, reader, reopened } = await readSpool(t);
  await rejectAll(spool, reader, 120);
  const ids = everyLetter(spool.letters).map(({ id }) => id);
  const returned = await spool.requeue(ids);
  t.deepEqual(
    [returned.length, returned.every(({ sink }) => sink === 'tsdb'), spool.deadLetters.count()],
    [120, true, 0],
  );
  t.is(reader.backlog().points, 120);
  const later = await (await reopened()).reader('tsdb');
  const back: string[] = [];
  let entries = 0;
  for (let retry = later.nextRetry(); retry !== undefined; retry = later.nextRetry()) {
    back.push(...retry.points.map((each) => JSON.stringify(each)));
    t.is(retry.attempts, 0);
    entries += 1;
  }
  t.deepEqual(
    back.toSorted(),
    points(120)
      .map((each) => JSON.stringify(each))
      .toSorted(),
  );
  t.is(entries, 3);
});

test('requeued points do not go to other sinks', async (t) => {
  const { spool, reader } = await readSpool(t);
  const other = await spool.reader('other');
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  other.next(10);
  await spool.requeue(spool.letters.after(undefined).map(({ id }) => id));
  t.is(other.nextRetry(), undefined);
  t.is(other.next(10), undefined);
});

test('a letter of a removed sink, without a point, or of an unknown id is not requeued, with a reason', async (t) => {
  const { spool, reader } = await readSpool(t);
  await lettersOf(spool, reader, points(1), [
    rejected(point, 'Unknown metric', 'gone'),
    { kind: 'damaged', reason: 'checksum', raw: 'x' },
  ]);
  const ids = spool.letters
    .after(undefined)
    .toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
    .map(({ id }) => id);
  t.deepEqual(
    (await spool.requeue([...ids, 'nonesuch'])).map(({ refused }) => refused),
    [
      'a letter of the kind damaged holds no point of a sink',
      'its sink, gone, is not there any more',
      'it is not there any more',
    ],
  );
  t.is(spool.deadLetters.count(), 2);
});

test('additions are counted by kind, including repeated contents', async (t) => {
  const { spool, reader } = await readSpool(t);
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  await spool.append([], { deadLetter: { kind: 'node-unknown', reason: 'r', raw: 'x' } });
  t.deepEqual(spool.deadLetters.added(), { rejected: 2, 'node-unknown': 1 });
  t.is(spool.deadLetters.count(), 2);
});
