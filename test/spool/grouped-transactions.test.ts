// Changes that come together share a transaction, and its fate.

import test from 'ava';
import { groupedTransactions, type GroupedTransactionsOptions } from '../../src/spool/grouped-transactions.ts';
import { DamagedRecord } from '../../src/spool/record.ts';

const sound: GroupedTransactionsOptions = { transact: (changes) => changes(), isLackOfSpace: () => false };

test('changes of one turn share a transaction, and resolve with what they returned', async (t) => {
  let transactions = 0;
  const { write } = groupedTransactions({
    ...sound,
    transact(changes) {
      transactions += 1;
      changes();
    },
  });
  t.deepEqual(await Promise.all([write(() => 1), write(() => 2), write(() => 3)]), [1, 2, 3]);
  t.is(transactions, 1);
});

test('a change that throws fails alone', async (t) => {
  const { write } = groupedTransactions(sound);
  const full = new Error('full');
  const failed = write(() => {
    throw full;
  });
  const [one, two] = await Promise.allSettled([failed, write(() => 2)]);
  t.deepEqual([one, two], [{ status: 'rejected', reason: full }, { status: 'fulfilled', value: 2 }]);
});

test('on a full disk the changes are made once more, after what is in memory was read anew, and then refused with 503', async (t) => {
  let failures = 1;
  const attempts: number[] = [];
  const { write, onFailure } = groupedTransactions({
    transact(changes) {
      changes();
      if (failures-- > 0) throw new Error('No space left on device');
    },
    isLackOfSpace: () => true,
  });
  let rereads = 0;
  onFailure(() => void (rereads += 1));
  t.is(await write(() => attempts.push(rereads)), 2);
  t.deepEqual(attempts, [0, 1]);
  failures = 2;
  const refused = await Promise.allSettled([write(() => 1), write(() => 2)]);
  for (const { status, reason } of refused as PromiseRejectedResult[]) {
    t.is(status, 'rejected');
    t.like(reason, { name: 'SpoolFull', status: 503, expose: true, retryAfterMs: 30_000 });
  }
  t.is(await write(() => 3), 3);
});

test('when the disk fails nobody is told that it was made, the answer is 503, and nothing is tried again', async (t) => {
  let transactions = 0;
  const { write, failed } = groupedTransactions({
    ...sound,
    transact(changes) {
      transactions += 1;
      changes();
      throw new Error('Input/output error');
    },
  });
  const refused = await Promise.allSettled([write(() => 1), write(() => 2)]);
  for (const { status, reason } of refused as PromiseRejectedResult[]) {
    t.is(status, 'rejected');
    t.like(reason, { name: 'DiskFailed', status: 503, expose: true, retryAfterMs: 30_000, exitCode: 74, message: 'spool: Input/output error' });
  }
  t.is((await failed).message, 'spool: Input/output error');
  await t.throwsAsync(write(() => 3), { name: 'DiskFailed' });
  t.is(transactions, 1);
});

test('a change that lmdb fails or that meets damage may be half made: the whole transaction goes with it', async (t) => {
  for (const error of [Object.assign(new Error('MDB_CORRUPTED'), { code: -30796 }), new DamagedRecord('the checksum does not fit')]) {
    const { write } = groupedTransactions(sound);
    const failing = write(() => {
      throw error;
    });
    const outcomes = await Promise.allSettled([failing, write(() => 2)]);
    t.deepEqual(outcomes.map(({ status }) => status), ['rejected', 'rejected']);
  }
});

test('after closing nothing is taken any more, and what was asked for before is made', async (t) => {
  const { write, close } = groupedTransactions(sound);
  const before = write(() => 'made');
  close();
  t.is(await before, 'made');
  await t.throwsAsync(write(() => 'late'), { message: 'the spool is closed' });
});
