// Dead letters are whole, counted, and gone in the step that makes them good.

import test from 'ava';
import { wholeInput } from '../../../src/spool/dead-letters/list.ts';
import { lettersOf, readSpool, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';

const [point] = points(1) as [ReturnType<typeof points>[number]];

test('a letter keeps a large input whole', async (t) => {
  const { spool } = await readSpool(t);
  const raw = JSON.stringify({ padding: 'é'.repeat(40_000) });
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw } });
  const [letter] = spool.letters.after(undefined);
  t.is(wholeInput(letter as NonNullable<typeof letter>)?.toString(), raw);
});

test('how many there are and how large is known over a restart, and after all have gone', async (t) => {
  const { spool, reader, reopened } = await readSpool(t);
  await lettersOf(
    spool,
    reader,
    points(3),
    points(3).map((each) => rejected(each)),
  );
  const bytes = spool.deadLetters.bytes();
  t.true(bytes > 300);
  const later = await reopened();
  t.deepEqual([later.deadLetters.count(), later.deadLetters.bytes()], [3, bytes]);
  t.is(await later.dropLetters(later.letters.after(undefined).map(({ id }) => id)), 3);
  t.deepEqual([later.deadLetters.count(), later.deadLetters.bytes(), later.waitingBytes()], [0, 0, 0]);
});

test('a letter that comes again counts once', async (t) => {
  const { spool, reader } = await readSpool(t);
  await lettersOf(spool, reader, points(2), [rejected(point), rejected(point)]);
  const bytes = spool.deadLetters.bytes();
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  t.deepEqual([spool.deadLetters.count(), spool.deadLetters.bytes()], [1, bytes]);
  t.is(spool.letters.after(undefined)[0]?.times, 3);
});

test('more letters than are held in memory at once are read in turns, each once', async (t) => {
  const { spool, reader } = await readSpool(t);
  await lettersOf(
    spool,
    reader,
    points(250),
    points(250).map((each) => rejected(each)),
  );
  const seen = new Set<string>();
  let turns = 0;
  for (let turn = spool.letters.after(undefined); turn.length > 0; turn = spool.letters.after(turn.at(-1))) {
    for (const { id } of turn) seen.add(id);
    turns += 1;
  }
  t.deepEqual([seen.size, turns], [250, 3]);
});

test('what makes a letter good goes with it in one step, and only once', async (t) => {
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

test('what makes a letter good is taken while there are too many letters', async (t) => {
  const { spool } = await readSpool(t, { maxBytes: 8000 });
  const deadLetter = { kind: 'implausible-time', reason: 'before 2010', raw: 'x'.repeat(1500) };
  await spool.append([], { deadLetter });
  await t.throwsAsync(spool.append(points(1)), { name: 'SpoolFull', message: /dead letters/ });
  const [{ id } = { id: '' }] = spool.letters.after(undefined);
  t.is(await spool.append(points(1), { redeems: id }), 'stored');
  t.is(await spool.append(points(1)), 'stored');
});

test('a duplicate takes the letter that it makes good with it', async (t) => {
  const { spool } = await readSpool(t);
  const run = { key: 'a', digest: 'a' };
  await spool.append(points(1), { run });
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw: '{}' } });
  const [{ id } = { id: '' }] = spool.letters.after(undefined);
  t.is(await spool.append(points(1), { run, redeems: id }), 'duplicate');
  t.is(spool.deadLetters.count(), 0);
});

test('points go back for the sink that refused them, the same to the byte, and their letters go in the same step', async (t) => {
  const { spool, reader, reopened } = await readSpool(t);
  await lettersOf(
    spool,
    reader,
    points(120),
    points(120).map((each) => rejected(each)),
  );
  const ids: string[] = [];
  for (let turn = spool.letters.after(undefined); turn.length > 0; turn = spool.letters.after(turn.at(-1)))
    ids.push(...turn.map(({ id }) => id));
  const returned = await spool.returnPoints(ids);
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

test('other sinks do not get what one sink refused', async (t) => {
  const { spool, reader } = await readSpool(t);
  const other = await spool.reader('other');
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  other.next(10);
  await spool.returnPoints(spool.letters.after(undefined).map(({ id }) => id));
  t.is(other.nextRetry(), undefined);
  t.is(other.next(10), undefined);
});

test('a letter whose sink is gone, that holds no point, or that is not there stays where it is and says why', async (t) => {
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
    (await spool.returnPoints([...ids, 'nonesuch'])).map(({ refused }) => refused),
    [
      'a letter of the kind damaged holds no point of a sink',
      'its sink, gone, is not there any more',
      'it is not there any more',
    ],
  );
  t.is(spool.deadLetters.count(), 2);
});

test('additions are counted by kind, the same content each time', async (t) => {
  const { spool, reader } = await readSpool(t);
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  await lettersOf(spool, reader, points(1), [rejected(point)]);
  await spool.append([], { deadLetter: { kind: 'node-unknown', reason: 'r', raw: 'x' } });
  t.deepEqual(spool.deadLetters.added(), { rejected: 2, 'node-unknown': 1 });
  t.is(spool.deadLetters.count(), 2);
});
