// Dead letters are stored whole, redeemed above their share, and requeued in entries.

import test from 'ava';
import { wholeInput } from '../../../src/spool/dead-letters/letters.ts';
import { everyLetter, lettersOf, readSpool, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';

test('a large input is stored whole', async (t) => {
  const { spool } = await readSpool(t);
  const raw = JSON.stringify({ padding: 'é'.repeat(40_000) });
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw } });
  const [letter] = spool.letters.after(undefined);
  t.is(wholeInput(letter as NonNullable<typeof letter>)?.toString(), raw);
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

test('requeued points come in entries of at most 50', async (t) => {
  const { spool, reader } = await readSpool(t);
  await lettersOf(
    spool,
    reader,
    points(120),
    points(120).map((each) => rejected(each)),
  );
  await spool.requeue(everyLetter(spool.letters).map(({ id }) => id));
  const entries = [reader.nextRetry(), reader.nextRetry(), reader.nextRetry(), reader.nextRetry()];
  t.deepEqual(
    entries.map((retry) => retry?.points.length),
    [50, 50, 20, undefined],
  );
});
