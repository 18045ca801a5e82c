// What an earlier version left in its store comes out of it as that version would have read it.

import test from 'ava';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { movableClock } from '../../fakes/time.ts';
import { LegacyStoreUnreadable } from '../../../src/spool/legacy/lmdb/unreadable.ts';
import { openLegacyStore } from '../../../src/spool/legacy/lmdb/store.ts';
import { all, attached, bytesOf, contentsOf, filledStore, itemsIn, recordsOfThree, storeIn } from './attached.ts';

for (const name of ['full', 'annotations'] as const) {
  test(`${name}: head, items and records are those that were written`, async (t) => {
    const contents = contentsOf(name);
    const store = await attached(t, await storeIn(t, bytesOf(name)));
    t.deepEqual(store.head, contents.head);
    t.deepEqual(await all(store.items()), itemsIn(contents));
    const first = contents.records[0]?.sequence ?? 0;
    t.deepEqual(await all(store.records(first, store.head.sequence)), [...contents.records]);
  });
}

test('the store is only read: its file is the same afterwards', async (t) => {
  const directory = await storeIn(t, bytesOf('full'));
  const store = await attached(t, directory);
  await all(store.items());
  await all(store.records(5, 35));
  await store.close();
  t.true(readFileSync(join(directory, 'data.mdb')).equals(bytesOf('full')));
});

test('a stretch begins and ends where it is told to', async (t) => {
  const { records } = contentsOf('full');
  const store = await attached(t, await storeIn(t, bytesOf('full')));
  t.deepEqual(
    await all(store.records(14, 24)),
    records.filter(({ sequence }) => sequence >= 14 && sequence <= 24),
  );
  t.deepEqual(await all(store.records(35, Infinity)), records.slice(-1));
  t.deepEqual([...(await all(store.records(36, Infinity))), ...(await all(store.records(9, 8)))], []);
});

test('several stretches are read at once, one of them slowly, and one given up', async (t) => {
  const store = await attached(t, await filledStore(t, { records: recordsOfThree(1, 3000) }));
  const slow = store.records(1, 3000)[Symbol.asyncIterator]();
  const given = store.records(1, 3000)[Symbol.asyncIterator]();
  await slow.next();
  await given.next();
  await given.return?.();
  const [one, other] = await Promise.all([all(store.records(1, 3000)), all(store.records(2000, 3000))]);
  t.deepEqual([one.length, other.length, other[0]?.sequence], [3000, 1001, 2000]);
  t.is((await slow.next()).value?.sequence, 2);
});

test('a record whose checksum does not fit, and one that is missing, are lost, with as many points as their neighbours tell', async (t) => {
  const there = [...recordsOfThree(11, 40)].filter(([sequence]) => sequence !== 20);
  const positions = { tsdb: { through: 10, finished: [], points: 30, bytes: 5000 } };
  const store = await attached(t, await filledStore(t, { records: there, positions, damaged: [11, 19, 30, 31, 40] }));
  t.deepEqual([store.head.sequence, store.head.points], [40, 117]);
  const lost = (await all(store.records(11, 40))).filter((record) => 'damaged' in record);
  t.deepEqual(lost, [
    { sequence: 11, damaged: true },
    ...[19, 20, 30, 31].map((sequence) => ({ sequence, damaged: true, points: 3 })),
    { sequence: 40, damaged: true },
  ]);
  t.deepEqual(await all(store.records(30, 30)), [{ sequence: 30, damaged: true }]);
  t.deepEqual(
    await all(store.records(19, 20)),
    [19, 20].map((sequence) => ({ sequence, damaged: true, points: 3 })),
  );
});

test('a store that its process had not filled before it died is empty', async (t) => {
  const directory = await filledStore(t, {});
  const store = await attached(t, directory);
  t.deepEqual(
    [store.head, await all(store.items()), await all(store.records(1, 10))],
    [{ sequence: 0, points: 0, bytes: 0 }, [], []],
  );
});

test('a store of another version is left alone, in words and with an exit code', async (t) => {
  const directory = await filledStore(t, { format: 4 });
  const error = await t.throwsAsync(attached(t, directory), { instanceOf: LegacyStoreUnreadable });
  t.is(error?.message, `spool in ${directory}: format 4 is not known here (this program reads 3)`);
  t.deepEqual([error?.exitCode, error?.isDamaged], [78, false]);
  t.true(readdirSync(directory).includes('data.mdb'));
});

test('what is no store is damaged', async (t) => {
  const directory = await storeIn(t, Buffer.alloc(65_536, 'no store '));
  const error = await t.throwsAsync(attached(t, directory), { instanceOf: LegacyStoreUnreadable });
  t.true(error?.isDamaged);
  writeFileSync(join(directory, 'data.mdb'), '');
  t.true((await t.throwsAsync(attached(t, directory), { instanceOf: LegacyStoreUnreadable }))?.isDamaged);
});

test('after it is closed, and once its signal aborts, nothing is read any more', async (t) => {
  const directory = await storeIn(t, bytesOf('full'));
  const store = await attached(t, directory);
  await store.close();
  await t.throwsAsync(all(store.items()), { message: 'the former spool is closed' });
  const stop = new AbortController();
  const other = await attached(t, directory, { signal: stop.signal });
  stop.abort(new Error('stopped'));
  await t.throwsAsync(all(other.items()), { message: 'stopped' });
  await t.throwsAsync(openLegacyStore(directory, { clock: movableClock(), signal: stop.signal }), {
    message: 'stopped',
  });
});
