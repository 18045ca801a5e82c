// A record that can be read no more is lost once, however many sinks come upon it.

import test from 'ava';
import { open } from 'lmdb';
import { recordDictionary } from '../../src/spool/dictionary.ts';
import { openingFaults } from '../../src/spool/soundness.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { verifyStore } from '../../src/spool/verification.ts';
import { systemClock } from '../../src/clock.ts';
import { restored, sound, stateWithStore } from '../damage/damaged-spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import type { SpoolReader } from '../../src/spool/reader.ts';

const nothing = { letters: [], kept: [], notBeforeMs: 0 };

/** Changes what is stored under the numbers of records, as a failing disk does; undefined removes it. */
async function change(directory: string, sequences: readonly number[], value: Buffer | undefined): Promise<void> {
  const environment = open({ path: directory, noSubdir: false, overlappingSync: false });
  const compression = { threshold: 256, dictionary: recordDictionary() };
  const records = environment.openDB<Buffer, number>({ name: 'records', encoding: 'binary', compression });
  for (const sequence of sequences) await (value === undefined ? records.remove(sequence) : records.put(sequence, value));
  await environment.close();
}

async function finishNext(reader: SpoolReader, maxPoints: number, end: 'oldest' | 'newest' = 'oldest'): Promise<number> {
  const batch = reader.next(maxPoints, end);
  if (batch !== undefined) await reader.finish(batch, { ...nothing, letters: batch.damaged });
  return batch?.points.length ?? 0;
}

test('damaged records that two sinks read, over restarts and from both ends, count once with all of their points, and nothing waits in the end', async (t) => {
  const directory = await temporaryDirectory(t);
  const reopen = async () => {
    const spool = await openSpool({ directory, maxBytes: 1 << 30, clock: systemClock() });
    t.teardown(() => spool.close());
    return { spool, readers: [await spool.reader('a'), await spool.reader('b')] as const };
  };
  const first = await reopen();
  for (let index = 0; index < 20; index += 1) await first.spool.append(points(index + 1, 100 * index));
  await first.spool.close();
  await change(directory, [1, 7, 8, 20], Buffer.from('not what was written'));
  const second = await reopen();
  for (let batches = 0; batches < 4; batches += 1) await finishNext(second.readers[0], 30);
  await finishNext(second.readers[1], 30, 'newest');
  await second.spool.close();
  const { spool, readers } = await reopen();
  for (const reader of readers) while (reader.untakenPoints() > 0 && (await finishNext(reader, 30)) > 0);
  for (const reader of readers) await finishNext(reader, 30);
  const { records, points: lostPoints, ...others } = spool.lost();
  t.deepEqual([records, others], [4, { retries: 0, parked: 0, deadLetters: 0, uncounted: 0 }]);
  t.is(lostPoints, 1 + 7 + 8 + Math.ceil((19 * 20) / 2 / 20), 'of the last one nobody says how many it held: as many as the others on average');
  t.deepEqual(readers.map((reader) => reader.backlog().points), [0, 0]);
  await spool.close();
  t.deepEqual(openingFaults(directory), []);
  const { spool: last } = await reopen();
  t.deepEqual(last.lost(), { records, points: lostPoints, ...others });
});

test('a record that is waited for and not there is not passed over: the reader stops, and verification finds it', async (t) => {
  const directory = await temporaryDirectory(t);
  const reopen = () => openSpool({ directory, maxBytes: 1 << 30, clock: systemClock() });
  const first = await reopen();
  await first.reader('a');
  for (let index = 0; index < 9; index += 1) await first.append(points(2, 100 * index));
  await first.close();
  await change(directory, [4], undefined);
  const spool = await reopen();
  const reader = await spool.reader('a');
  t.throws(() => reader.next(100), { name: 'DamagedRecord', message: 'record 4: is waited for, and is not there' });
  t.throws(() => reader.next(100, 'newest'), { name: 'DamagedRecord' });
  await spool.close();
  const { damage } = await verifyStore(directory, { isAlone: true, stopsAtFirst: false, clock: systemClock(), signal: new AbortController().signal });
  t.deepEqual(damage, ['records: 4 is waited for, and is not there']);
});

test('a damaged record that was counted is not counted again when the store is set aside', async (t) => {
  const { directory, start, suspect, messages } = await stateWithStore(t);
  const first = await start();
  const other = await first.spool.reader('other');
  await first.spool.append(points(3));
  await first.spool.append(points(5, 100));
  const sequence = (await first.spool.status()).lastRecord - 1;
  t.is(other.backlog().points, 8);
  await first.spool.close();
  await change(directory, [sequence], Buffer.from('not what was written'));
  const second = await start();
  const both = await second.spool.reader('other');
  t.is(await finishNext(both, 100), 5);
  t.deepEqual(second.spool.lost(), { ...sound, records: 1, points: 3 });
  await second.spool.close();
  suspect();
  const { spool } = await start();
  await restored(spool, () => messages().some((message) => message.startsWith('the damaged spool is restored')));
  t.deepEqual(spool.lost(), { ...sound, records: 1, points: 3 });
});

test('a damaged record beside records that came while its sink was gone, and are deleted, is lost with its own points, read from either end', async (t) => {
  for (const [damaged, end] of [[3, 'oldest'], [7, 'newest']] as const) {
    const directory = await temporaryDirectory(t);
    const reopen = () => openSpool({ directory, maxBytes: 1 << 30, clock: systemClock() });
    const append = async (spool: Awaited<ReturnType<typeof reopen>>, sizes: readonly number[]) => {
      for (const size of sizes) await spool.append(points(size, 100 * size));
    };
    const first = await reopen();
    for (const name of ['a', 'b']) await first.reader(name);
    await append(first, [1, 2, 3]);
    await first.close();
    const alone = await reopen();
    const a = await alone.reader('a');
    await alone.markGoneSinks();
    await append(alone, [40, 50, 60]);
    await finishNext(a, 1000);
    await alone.close();
    const both = await reopen();
    for (const name of ['a', 'b']) await both.reader(name);
    await append(both, [7, 8]);
    await both.close();
    await change(directory, [damaged], Buffer.from('not what was written'));
    const spool = await reopen();
    const b = await spool.reader('b');
    await finishNext(b, 1000, end);
    t.like(spool.lost(), { records: 1, points: damaged });
    t.is(b.backlog().points, end === 'oldest' ? 7 + 8 : 1 + 2 + 3);
    await spool.close();
  }
});

test('a damaged record at the end, behind which only what came while its sink was gone was deleted, ends nothing', async (t) => {
  const directory = await temporaryDirectory(t);
  const reopen = () => openSpool({ directory, maxBytes: 1 << 30, clock: systemClock() });
  const first = await reopen();
  for (const name of ['a', 'b']) await first.reader(name);
  for (const size of [1, 2, 3]) await first.append(points(size, 100 * size));
  await first.close();
  const alone = await reopen();
  const a = await alone.reader('a');
  await alone.markGoneSinks();
  for (const size of [4, 5, 6]) await alone.append(points(size, 100 * size));
  await finishNext(a, 1000);
  await alone.close();
  await change(directory, [3], Buffer.from('not what was written'));
  const spool = await reopen();
  const b = await spool.reader('b');
  t.is(await finishNext(b, 1000), 3);
  t.like(spool.lost(), { records: 1, points: 3 });
  t.is(b.backlog().points, 0);
});
