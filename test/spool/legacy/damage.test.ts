// A former store that is damaged, and a process that reads it and dies, come out as what they are: no wrong data, nothing hangs, and
// the bridge lives.

import test, { type ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { movableClock } from '../../fakes/time.ts';
import { hasLegacyStore, moveLegacyStoreAside } from '../../../src/spool/legacy/lmdb/files.ts';
import type { LegacyItem } from '../../../src/spool/legacy/lmdb/items.ts';
import type { LegacyRecord, LegacyStore } from '../../../src/spool/legacy/lmdb/store.ts';
import { LegacyStoreUnreadable } from '../../../src/spool/legacy/lmdb/unreadable.ts';
import {
  all,
  attached,
  bytesOf,
  type Contents,
  contentsOf,
  filledStore,
  itemsIn,
  recordsOfThree,
  storeIn,
} from './attached.ts';

/** Reads records until the process has been ended from outside; the numbers of those that came. */
async function readAndKill(t: ExecutionContext, store: LegacyStore, from: number): Promise<number[]> {
  const numbers: number[] = [];
  const error = await t.throwsAsync(
    (async () => {
      for await (const { sequence } of store.records(from, store.head.sequence)) {
        if (numbers.push(sequence) === 700) process.kill(store.pid as number, 'SIGKILL');
      }
    })(),
    { instanceOf: LegacyStoreUnreadable },
  );
  t.deepEqual([error?.endedBy, error?.isDamaged], ['SIGKILL', false]);
  return numbers;
}

test('a process that is killed in the middle, twice, ends the reading, and what was not read is read by the next one', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, 8000) });
  const numbers: number[] = [];
  for (let death = 1; death <= 2; death += 1) {
    const store = await attached(t, directory);
    numbers.push(...(await readAndKill(t, store, numbers.length + 1)));
    await t.throwsAsync(all(store.items()), { instanceOf: LegacyStoreUnreadable });
  }
  const store = await attached(t, directory);
  for await (const { sequence } of store.records(numbers.length + 1, 8000)) numbers.push(sequence);
  t.deepEqual(
    numbers,
    Array.from({ length: 8000 }, (_, index) => index + 1),
  );
});

test('every reading that is under way ends with the process', async (t) => {
  const store = await attached(t, await filledStore(t, { records: recordsOfThree(1, 8000) }));
  const readings = [all(store.records(1, 8000)), all(store.records(4000, 8000)), all(store.items())];
  process.kill(store.pid as number, 'SIGSTOP');
  process.kill(store.pid as number, 'SIGKILL');
  const ends = await Promise.allSettled(readings);
  t.true(ends.every((end) => end.status === 'rejected' && end.reason instanceof LegacyStoreUnreadable));
});

test('a process that says nothing for a minute is ended, and its store counts as damaged; one that is asked nothing may be silent', async (t) => {
  const clock = movableClock();
  const store = await attached(t, await storeIn(t, bytesOf('full')), { clock });
  await clock.advance(600_000);
  t.is((await all(store.records(5, 35))).length, 31);
  process.kill(store.pid as number, 'SIGSTOP');
  const reading = all(store.records(5, 35));
  await clock.advance(70_000);
  const error = await t.throwsAsync(reading, { instanceOf: LegacyStoreUnreadable });
  t.deepEqual([error?.isDamaged, error?.message.endsWith('reading it came to no end')], [true, true]);
});

test('a process that is asked to end, as the service manager asks all of a service, reads on', async (t) => {
  const store = await attached(t, await storeIn(t, bytesOf('full')));
  process.kill(store.pid as number, 'SIGTERM');
  t.is((await all(store.records(5, 35))).length, 31);
});

test('a process whose bridge is gone ends', async (t) => {
  const directory = await storeIn(t, bytesOf('full'));
  const main = new URL('../../../src/main.js', import.meta.url).pathname;
  const reader = spawn(process.execPath, [main, 'former-store', directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [firstWord] = (await once(reader.stdout, 'data')) as [Buffer];
  t.deepEqual((JSON.parse(String(firstWord)) as Contents).head, contentsOf('full').head);
  reader.stdin.end();
  t.deepEqual(await once(reader, 'close'), [0, null]);
});

test('a file that was cut short kills the process that reads it, and the store is set aside', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, 8000) });
  truncateSync(join(directory, 'data.mdb'), 49_152);
  const error = await t.throwsAsync(
    (async () => {
      const store = await attached(t, directory);
      await all(store.items());
      await all(store.records(1, 8000));
    })(),
    { instanceOf: LegacyStoreUnreadable },
  );
  t.deepEqual([error?.endedBy, error?.isDamaged, error?.exitCode], ['SIGBUS', true, undefined]);
  const aside = moveLegacyStoreAside(directory, Date.UTC(2026, 10, 21, 3, 34, 12));
  t.is(aside, join(directory, 'data.mdb.damaged-20261121T033412Z'));
  t.deepEqual([readdirSync(directory), hasLegacyStore(directory)], [['data.mdb.damaged-20261121T033412Z'], false]);
});

/** What is read of a store must be what was written; runs have no checksum, and the name of what is sealed without its key may be hit. */
function asWritten(item: LegacyItem): string {
  if (item.kind === 'letter' || item.kind === 'sample' || item.kind === 'parked')
    return JSON.stringify([item.kind, item.row]);
  return item.kind === 'count' ? JSON.stringify([item.kind, item.count]) : JSON.stringify(item);
}

/** Reads what can be read; the head is checked as well. */
async function readThrough(
  t: ExecutionContext,
  data: Buffer,
  contents: Contents,
): Promise<'whole' | 'damaged' | 'unreadable'> {
  const directory = await storeIn(t, data);
  const known = new Set(itemsIn(contents).map(asWritten));
  const records = new Map(contents.records.map((record) => [record.sequence, JSON.stringify(record)]));
  try {
    const store = await attached(t, directory);
    const items = await all(store.items());
    const beginnings = items.some(({ kind }) => kind === 'damaged');
    for (const item of items) {
      const isNew = item.kind === 'damaged' || item.kind === 'run' || (item.kind === 'position' && beginnings);
      t.true(isNew || known.has(asWritten(item)), JSON.stringify(item));
    }
    t.true(store.head.sequence <= contents.head.sequence + 1);
    const found = await all(store.records(6, contents.head.sequence));
    for (const record of found)
      if (!('damaged' in record)) t.is(JSON.stringify(record), records.get(record.sequence) ?? 'none');
    await store.close();
    t.is(found.length, 30);
    if (beginnings || found.some((record) => 'damaged' in record)) return 'damaged';
    t.is(items.length, itemsIn(contents).length);
    return 'whole';
  } catch (error) {
    t.true(error instanceof LegacyStoreUnreadable && error.isDamaged, String(error));
    return 'unreadable';
  }
}

const pageBytes = 4096;
const flips = 20;

/** Of the bytes that hold something, so many; every other one in the head of a page, which leads to everything else. */
function placesIn(data: Buffer): number[] {
  const filled = [...data.keys()].filter((at) => data[at] !== 0);
  const heads = filled.filter((at) => at % pageBytes < 40);
  return Array.from({ length: flips }, (_, flip) => {
    const among = flip % 2 === 0 ? filled : heads;
    return among[Math.floor((among.length * (flip + 0.5)) / flips)] as number;
  });
}

test('flipped bits anywhere make records and entries damaged, or the store unreadable, and never other data', async (t) => {
  const whole = bytesOf('full');
  const ends = { whole: 0, damaged: 0, unreadable: 0 };
  for (const [flip, at] of placesIn(whole).entries()) {
    const data = Buffer.from(whole);
    data.writeUInt8(data.readUInt8(at) ^ (1 << (flip % 8)), at);
    ends[await readThrough(t, data, contentsOf('full'))] += 1;
  }
  t.log(JSON.stringify(ends));
  t.true(ends.damaged + ends.unreadable > flips / 8);
});

test('pages that are gone make records and entries damaged, or the store unreadable, and nothing is missing without a word', async (t) => {
  const whole = bytesOf('full');
  const ends = { whole: 0, damaged: 0, unreadable: 0 };
  for (let at = 0; at < whole.length; at += pageBytes) {
    const data = Buffer.from(whole);
    ends[await readThrough(t, data.fill(0, at, at + pageBytes), contentsOf('full'))] += 1;
  }
  t.log(JSON.stringify(ends));
  t.true(ends.damaged > whole.length / pageBytes / 4);
});

test('flipped bits in a record, wherever it stands in the file, damage that record alone', async (t) => {
  const { records } = contentsOf('full');
  const data = bytesOf('full');
  const places = wordsOf(records.find(({ sequence }) => sequence === 20)).flatMap((word) => placesOf(data, word));
  t.true(places.length > 0);
  for (const at of places) data.writeUInt8(data.readUInt8(at) ^ 1, at);
  const found = await all((await attached(t, await storeIn(t, data))).records(6, 35));
  t.deepEqual(
    found.filter((record) => 'damaged' in record),
    [{ sequence: 20, damaged: true, points: 60 }],
  );
  t.deepEqual(
    found.filter((record) => !('damaged' in record)),
    records.filter(({ sequence }) => sequence >= 6 && sequence !== 20),
  );
});

test('a sink whose position is damaged begins at the first record, and that is told', async (t) => {
  const data = bytesOf('full');
  for (const at of placesOf(data, '"through":5,')) data.writeUInt8(data.readUInt8(at + 10) ^ 1, at + 10);
  const { records, positions } = contentsOf('full');
  const store = await attached(t, await storeIn(t, data));
  const items = (await all(store.items())).slice(0, 4);
  const [carbon, old] = positions.map(([sink, position]) => ({ kind: 'position', sink, position }) as const);
  const before = { through: 4, finished: [], points: 18, bytes: 1974 };
  t.deepEqual(items, [
    carbon,
    old,
    { kind: 'damaged', what: 'positions: "tsdb": is not what was put there' },
    { kind: 'position', sink: 'tsdb', position: before },
  ] as LegacyItem[]);
  t.is(records[0]?.sequence, before.through + 1);
});

const wordLength = 16;

/** Words that stand in this record and in no other, as far as compression has left them whole. */
function wordsOf(record: LegacyRecord | undefined): string[] {
  return (record?.points ?? []).map(({ tags }) => (tags['city'] as string).slice(8, 8 + wordLength));
}

function placesOf(data: Buffer, word: string): number[] {
  const places: number[] = [];
  for (let at = data.indexOf(word); at >= 0; at = data.indexOf(word, at + 1)) places.push(at);
  return places;
}

test("a lock file of a process that died while it was reading, or of anybody who has it open still, is in nobody's way", async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, 100) });
  const program = `const { open } = await import(process.argv[1]); const store = open({ path: process.argv[2], maxDbs: 16, noSubdir: false, overlappingSync: false });
    const records = store.openDB({ name: 'records', encoding: 'binary' }); for (const { key } of records.getRange()) { console.log(key); await new Promise(() => setInterval(() => {}, 1000)); }`;
  const other = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, import.meta.resolve('lmdb'), directory],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(other.stdout, 'data');
  other.kill('SIGKILL');
  await once(other, 'close');
  t.is((await all((await attached(t, directory)).records(1, 100))).length, 100);
  for (const lock of [Buffer.alloc(8192, 'x'), Buffer.alloc(3, 'x'), Buffer.alloc(0), Buffer.alloc(100_000)]) {
    writeFileSync(join(directory, 'lock.mdb'), lock);
    t.is((await all((await attached(t, directory)).records(1, 100))).length, 100);
  }
});
