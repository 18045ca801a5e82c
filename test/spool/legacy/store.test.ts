// A legacy store is read as the earlier version would read it.

import test from 'ava';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { all } from '../../fakes/all.ts';
import { movableClock } from '../../fakes/time.ts';
import { LegacyStoreUnreadable } from '../../../src/spool/legacy/lmdb/unreadable.ts';
import { openLegacyStore } from '../../../src/spool/legacy/lmdb/store.ts';
import {
  bytesOf,
  contentsOf,
  directoryWith,
  filledStore,
  itemsOf,
  openedStore,
  recordsOfThree,
} from './legacy-stores.ts';

for (const name of ['full', 'annotations'] as const) {
  test(`${name}: head, items and records are those that were written`, async (t) => {
    const contents = contentsOf(name);
    const store = await openedStore(t, await directoryWith(t, bytesOf(name)));
    t.deepEqual(store.head, contents.head);
    t.deepEqual(await all(store.items()), itemsOf(contents));
    const first = contents.records[0]?.sequence ?? 0;
    t.deepEqual(await all(store.records(first, store.head.sequence)), [...contents.records]);
  });
}

test('reading does not change the file', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const store = await openedStore(t, directory);
  await all(store.items());
  await all(store.records(5, 35));
  await store.close();
  t.true(readFileSync(join(directory, 'data.mdb')).equals(bytesOf('full')));
});

test('a range has both its ends, and ends at the head', async (t) => {
  const { records } = contentsOf('full');
  const store = await openedStore(t, await directoryWith(t, bytesOf('full')));
  t.deepEqual(
    await all(store.records(14, 24)),
    records.filter(({ sequence }) => sequence >= 14 && sequence <= 24),
  );
  t.deepEqual(await all(store.records(35, Infinity)), records.slice(-1));
  t.deepEqual([...(await all(store.records(36, Infinity))), ...(await all(store.records(9, 8)))], []);
});

test('several ranges are read at once, one slowly and one abandoned', async (t) => {
  const store = await openedStore(t, await filledStore(t, { records: recordsOfThree(1, 3000) }));
  const slow = store.records(1, 3000)[Symbol.asyncIterator]();
  const abandoned = store.records(1, 3000)[Symbol.asyncIterator]();
  await slow.next();
  await abandoned.next();
  await abandoned.return?.();
  const [one, other] = await Promise.all([all(store.records(1, 3000)), all(store.records(2000, 3000))]);
  t.deepEqual([one.length, other.length, other[0]?.sequence], [3000, 1001, 2000]);
  t.is((await slow.next()).value?.sequence, 2);
});

test('a record with a wrong checksum and a missing record are lost, with the points that their neighbours imply', async (t) => {
  const records = [...recordsOfThree(11, 40)].filter(([sequence]) => sequence !== 20);
  const positions = { tsdb: { through: 10, finished: [], points: 30, bytes: 5000 } };
  const store = await openedStore(t, await filledStore(t, { records, positions, damaged: [11, 19, 30, 31, 40] }));
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

test('a store without entries is empty', async (t) => {
  const directory = await filledStore(t, {});
  const store = await openedStore(t, directory);
  t.deepEqual(
    [store.head, await all(store.items()), await all(store.records(1, 10))],
    [{ sequence: 0, points: 0, bytes: 0 }, [], []],
  );
});

test('a store of another format is refused with exit code 78', async (t) => {
  const directory = await filledStore(t, { format: 4 });
  const error = await t.throwsAsync(openedStore(t, directory), { instanceOf: LegacyStoreUnreadable });
  t.is(error?.message, `spool in ${directory}: format 4 is not known here (this program reads 3)`);
  t.deepEqual([error?.exitCode, error?.isDamaged], [78, false]);
  t.true(readdirSync(directory).includes('data.mdb'));
});

test('a file that is not a store counts as damaged', async (t) => {
  const directory = await directoryWith(t, Buffer.alloc(65_536, 'no store '));
  const error = await t.throwsAsync(openedStore(t, directory), { instanceOf: LegacyStoreUnreadable });
  t.true(error?.isDamaged);
  writeFileSync(join(directory, 'data.mdb'), '');
  t.true((await t.throwsAsync(openedStore(t, directory), { instanceOf: LegacyStoreUnreadable }))?.isDamaged);
});

test('an abort holds, even if the reader process has answered already', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const stop = new AbortController();
  const opening = openLegacyStore(directory, { clock: movableClock(), signal: stop.signal });
  // Blocks this thread while the reader process answers; its answer is read after the abort.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  stop.abort(new Error('stopped'));
  await t.throwsAsync(opening, { message: 'stopped' });
});

test('a closed or aborted store rejects reads', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const store = await openedStore(t, directory);
  await store.close();
  await t.throwsAsync(all(store.items()), { message: 'the former spool is closed' });
  const stop = new AbortController();
  const other = await openedStore(t, directory, { signal: stop.signal });
  stop.abort(new Error('stopped'));
  await t.throwsAsync(all(other.items()), { message: 'stopped' });
  await t.throwsAsync(openLegacyStore(directory, { clock: movableClock(), signal: stop.signal }), {
    message: 'stopped',
  });
});
