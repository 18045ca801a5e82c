// A damaged legacy store never yields wrong data, and a reader process that dies or hangs ends its reads with an error.

import test, { type ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { all } from '../../fakes/all.ts';
import { movableClock } from '../../fakes/time.ts';
import { hasLegacyStore, moveLegacyStoreAside } from '../../../src/spool/legacy/lmdb/files.ts';
import type { LegacyItem } from '../../../src/spool/legacy/lmdb/items.ts';
import type { LegacyRecord, LegacyStore } from '../../../src/spool/legacy/lmdb/store.ts';
import { LegacyStoreUnreadable } from '../../../src/spool/legacy/lmdb/unreadable.ts';
import {
  bytesOf,
  type Contents,
  contentsOf,
  directoryWith,
  filledStore,
  itemsOf,
  openedStore,
  recordsOfThree,
} from './legacy-stores.ts';

/** Kills the reader process after 700 records, and returns the numbers of those that arrived. */
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

test('a killed reader process ends the read, and the next process reads the rest', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, 8000) });
  const numbers: number[] = [];
  for (let death = 1; death <= 2; death += 1) {
    const store = await openedStore(t, directory);
    numbers.push(...(await readAndKill(t, store, numbers.length + 1)));
    await t.throwsAsync(all(store.items()), { instanceOf: LegacyStoreUnreadable });
  }
  const store = await openedStore(t, directory);
  for await (const { sequence } of store.records(numbers.length + 1, 8000)) numbers.push(sequence);
  t.deepEqual(
    numbers,
    Array.from({ length: 8000 }, (_, index) => index + 1),
  );
});

test('every read in progress ends with the reader process', async (t) => {
  const store = await openedStore(t, await filledStore(t, { records: recordsOfThree(1, 8000) }));
  const reads = [all(store.records(1, 8000)), all(store.records(4000, 8000)), all(store.items())];
  process.kill(store.pid as number, 'SIGSTOP');
  process.kill(store.pid as number, 'SIGKILL');
  const ends = await Promise.allSettled(reads);
  t.true(ends.every((end) => end.status === 'rejected' && end.reason instanceof LegacyStoreUnreadable));
});

test('a process that does not respond for a minute is killed, and its store counts as damaged; an idle process is not', async (t) => {
  const clock = movableClock();
  const store = await openedStore(t, await directoryWith(t, bytesOf('full')), { clock });
  await clock.advance(600_000);
  t.is((await all(store.records(5, 35))).length, 31);
  process.kill(store.pid as number, 'SIGSTOP');
  const reading = all(store.records(5, 35));
  await clock.advance(70_000);
  const error = await t.throwsAsync(reading, { instanceOf: LegacyStoreUnreadable });
  t.deepEqual([error?.isDamaged, error?.message.endsWith('reading it came to no end')], [true, true]);
});

test('the reader process ignores SIGTERM, which a service manager sends to all processes', async (t) => {
  const store = await openedStore(t, await directoryWith(t, bytesOf('full')));
  process.kill(store.pid as number, 'SIGTERM');
  t.is((await all(store.records(5, 35))).length, 31);
});

test('the reader process ends with the bridge', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const main = new URL('../../../src/main.js', import.meta.url).pathname;
  const reader = spawn(process.execPath, [main, 'former-store', directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [firstWord] = (await once(reader.stdout, 'data')) as [Buffer];
  t.deepEqual((JSON.parse(String(firstWord)) as Contents).head, contentsOf('full').head);
  reader.stdin.end();
  t.deepEqual(await once(reader, 'close'), [0, null]);
});

test('a truncated file kills the reader process, and the store counts as damaged', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, 8000) });
  truncateSync(join(directory, 'data.mdb'), 49_152);
  const error = await t.throwsAsync(
    (async () => {
      const store = await openedStore(t, directory);
      await all(store.items());
      await all(store.records(1, 8000));
    })(),
    { instanceOf: LegacyStoreUnreadable },
  );
  t.deepEqual([error?.endedBy, error?.isDamaged, error?.exitCode], ['SIGBUS', true, undefined]);
  const path = moveLegacyStoreAside(directory, Date.UTC(2026, 10, 21, 3, 34, 12));
  t.is(path, join(directory, 'data.mdb.damaged-20261121T033412Z'));
  t.deepEqual([readdirSync(directory), hasLegacyStore(directory)], [['data.mdb.damaged-20261121T033412Z'], false]);
});

/** The part of an item that a checksum covers. Runs have no checksum. */
function coveredPart(item: LegacyItem): string {
  if (item.kind === 'letter' || item.kind === 'sample' || item.kind === 'parked')
    return JSON.stringify([item.kind, item.row]);
  return item.kind === 'count' ? JSON.stringify([item.kind, item.count]) : JSON.stringify(item);
}

/** Checks that everything readable is what was written. */
async function readThrough(
  t: ExecutionContext,
  data: Buffer,
  contents: Contents,
): Promise<'whole' | 'damaged' | 'unreadable'> {
  const directory = await directoryWith(t, data);
  const known = new Set(itemsOf(contents).map(coveredPart));
  const records = new Map(contents.records.map((record) => [record.sequence, JSON.stringify(record)]));
  try {
    const store = await openedStore(t, directory);
    const items = await all(store.items());
    const isDamaged = items.some(({ kind }) => kind === 'damaged');
    for (const item of items) {
      const isExempt = item.kind === 'damaged' || item.kind === 'run' || (item.kind === 'position' && isDamaged);
      t.true(isExempt || known.has(coveredPart(item)), JSON.stringify(item));
    }
    t.true(store.head.sequence <= contents.head.sequence + 1);
    const found = await all(store.records(6, contents.head.sequence));
    for (const record of found)
      if (!('damaged' in record)) t.is(JSON.stringify(record), records.get(record.sequence) ?? 'none');
    await store.close();
    t.is(found.length, 30);
    if (isDamaged || found.some((record) => 'damaged' in record)) return 'damaged';
    t.is(items.length, itemsOf(contents).length);
    return 'whole';
  } catch (error) {
    t.true(error instanceof LegacyStoreUnreadable && error.isDamaged, String(error));
    return 'unreadable';
  }
}

const pageBytes = 4096;
const flips = 20;

/** Selects bytes that are not 0, every other one in the head of a page. */
function placesIn(data: Buffer): number[] {
  const filled = [...data.keys()].filter((at) => data[at] !== 0);
  const heads = filled.filter((at) => at % pageBytes < 40);
  return Array.from({ length: flips }, (_, flip) => {
    const among = flip % 2 === 0 ? filled : heads;
    return among[Math.floor((among.length * (flip + 0.5)) / flips)] as number;
  });
}

test('a flipped bit damages records or entries, or makes the store unreadable, and never yields other data', async (t) => {
  const whole = bytesOf('full');
  const outcomes = { whole: 0, damaged: 0, unreadable: 0 };
  for (const [flip, at] of placesIn(whole).entries()) {
    const data = Buffer.from(whole);
    data.writeUInt8(data.readUInt8(at) ^ (1 << (flip % 8)), at);
    outcomes[await readThrough(t, data, contentsOf('full'))] += 1;
  }
  t.log(JSON.stringify(outcomes));
  t.true(outcomes.damaged + outcomes.unreadable > flips / 8);
});

test('a zeroed page damages records or entries, or makes the store unreadable, and nothing is missing silently', async (t) => {
  const whole = bytesOf('full');
  const outcomes = { whole: 0, damaged: 0, unreadable: 0 };
  for (let at = 0; at < whole.length; at += pageBytes) {
    const data = Buffer.from(whole);
    outcomes[await readThrough(t, data.fill(0, at, at + pageBytes), contentsOf('full'))] += 1;
  }
  t.log(JSON.stringify(outcomes));
  t.true(outcomes.damaged > whole.length / pageBytes / 4);
});

test('flipped bits in a record damage only that record', async (t) => {
  const { records } = contentsOf('full');
  const data = bytesOf('full');
  const places = textsOf(records.find(({ sequence }) => sequence === 20)).flatMap((text) => placesOf(data, text));
  t.true(places.length > 0);
  for (const at of places) data.writeUInt8(data.readUInt8(at) ^ 1, at);
  const found = await all((await openedStore(t, await directoryWith(t, data))).records(6, 35));
  t.deepEqual(
    found.filter((record) => 'damaged' in record),
    [{ sequence: 20, damaged: true, points: 60 }],
  );
  t.deepEqual(
    found.filter((record) => !('damaged' in record)),
    records.filter(({ sequence }) => sequence >= 6 && sequence !== 20),
  );
});

test('a sink whose position is damaged begins at the first record, and the damage is reported', async (t) => {
  const data = bytesOf('full');
  for (const at of placesOf(data, '"through":5,')) data.writeUInt8(data.readUInt8(at + 10) ^ 1, at + 10);
  const { records, positions } = contentsOf('full');
  const store = await openedStore(t, await directoryWith(t, data));
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

const textLength = 16;

/** Texts in this record only. Compression may have split some of them. */
function textsOf(record: LegacyRecord | undefined): string[] {
  return (record?.points ?? []).map(({ tags }) => (tags['city'] as string).slice(8, 8 + textLength));
}

function placesOf(data: Buffer, text: string): number[] {
  const places: number[] = [];
  for (let at = data.indexOf(text); at >= 0; at = data.indexOf(text, at + 1)) places.push(at);
  return places;
}

test('a lock file that a killed process has left, or with any other contents, is replaced', async (t) => {
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
  t.is((await all((await openedStore(t, directory)).records(1, 100))).length, 100);
  for (const lock of [Buffer.alloc(8192, 'x'), Buffer.alloc(3, 'x'), Buffer.alloc(0), Buffer.alloc(100_000)]) {
    writeFileSync(join(directory, 'lock.mdb'), lock);
    t.is((await all((await openedStore(t, directory)).records(1, 100))).length, 100);
  }
});
