// Changes that come together share a transaction, and its fate.

import test from 'ava';
import { groupedTransactions } from '../../src/spool/grouped-transactions.ts';

test('changes of one turn share a transaction, and resolve with what they returned', async (t) => {
  let transactions = 0;
  const { write } = groupedTransactions((changes) => {
    transactions += 1;
    changes();
  });
  t.deepEqual(await Promise.all([write(() => 1), write(() => 2), write(() => 3)]), [1, 2, 3]);
  t.is(transactions, 1);
});

test('a change that throws fails alone', async (t) => {
  const { write } = groupedTransactions((changes) => changes());
  const full = new Error('full');
  const failed = write(() => {
    throw full;
  });
  const [one, two] = await Promise.allSettled([failed, write(() => 2)]);
  t.deepEqual([one, two], [{ status: 'rejected', reason: full }, { status: 'fulfilled', value: 2 }]);
});

test('when the transaction fails nobody is told that it was made, the answer is 503, and what is in memory is read anew', async (t) => {
  let isFull = true;
  const { write, onFailure } = groupedTransactions((changes) => {
    changes();
    if (isFull) throw new Error('No space left on device');
  });
  let rereads = 0;
  onFailure(() => void (rereads += 1));
  const failed = await Promise.allSettled([write(() => 1), write(() => 2)]);
  for (const { status, reason } of failed as PromiseRejectedResult[]) {
    t.is(status, 'rejected');
    t.like(reason, { name: 'NotWritten', status: 503, expose: true, retryAfterMs: 30_000, message: 'spool: cannot be written (No space left on device)' });
  }
  t.is(rereads, 1);
  isFull = false;
  t.is(await write(() => 3), 3);
});

test('after closing nothing is taken any more, and what was asked for before is made', async (t) => {
  const { write, close } = groupedTransactions((changes) => changes());
  const before = write(() => 'made');
  close();
  t.is(await before, 'made');
  await t.throwsAsync(write(() => 'late'), { message: 'the spool is closed' });
});
