// A damaged store never keeps the spool from opening: it is set aside, and what was not damaged comes back once.

import test from 'ava';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { sealedJson } from '../../src/spool/record.ts';
import { openingFaults } from '../../src/spool/soundness.ts';
import { copyOf, drained, isWhole, restored, sound, stateWithStore, worded, zeroPage } from '../damage/damaged-spool.ts';
import { usesOfPages } from '../damage/damages.ts';
import { pointsOf } from '../damage/stored.ts';

test('what can be read of a damaged store comes back, once, while new points are taken', async (t) => {
  const { directory, start, suspect, messages, stateDir } = await stateWithStore(t);
  const all = await drained((await copyOf(t, directory)).reader);
  for (const nth of [10, 11, 12]) zeroPage(directory, 'records leaf', nth);
  suspect();
  const { spool, reader } = await start();
  t.is(await spool.append(pointsOf(9001)), 'stored');
  await restored(spool, () => messages().some((message) => message.startsWith('the damaged spool is restored')));
  const counts = await drained(reader);
  const { records, points, ...others } = spool.lost();
  t.deepEqual(others, { retries: 0, parked: 0, deadLetters: 0, uncounted: 0 });
  const missing = [...all.keys()].filter((delivery) => !counts.has(delivery));
  t.is(missing.length, records);
  t.is(missing.reduce((sum, delivery) => sum + pointsOf(delivery).length, 0), points);
  t.true(records > 20 && records < 80);
  t.true(isWhole(counts));
  t.is(counts.size, all.size - records + 1);
  t.deepEqual([spool.parking.count(), spool.deadLetters.count(), reader.backlog().points], [16, 7, 21]);
  t.regex(readdirSync(stateDir).join(' '), /spool\.damaged-\d{8}T\d{6}Z/);
  t.true(messages().includes('the spool is damaged: it is set aside, a new one is opened, and what can be read of it comes back'));
});

test('a branch page that is gone costs nothing', async (t) => {
  const { directory, start, suspect, messages } = await stateWithStore(t);
  const all = await drained((await copyOf(t, directory)).reader);
  zeroPage(directory, 'records branch');
  suspect();
  const { spool, reader } = await start();
  await restored(spool, () => messages().includes('the damaged spool is restored'));
  t.deepEqual(spool.lost(), sound);
  t.is(worded(await drained(reader)), worded(all));
});

test('a salvage that a restart breaks off goes on where it was, and nothing comes twice', async (t) => {
  const { directory, start, suspect, messages } = await stateWithStore(t);
  const all = await drained((await copyOf(t, directory)).reader);
  zeroPage(directory, 'records branch');
  suspect();
  const first = await start();
  await restored(first.spool, () => first.reader.backlog().points > 100);
  t.false(messages().includes('the damaged spool is restored'));
  await first.spool.close();
  const { spool, reader } = await start();
  await restored(spool, () => messages().includes('the damaged spool is restored'));
  t.is(worded(await drained(reader)), worded(all));
  t.is(reader.backlog().points, 21);
});

test('a salvage that is done and not noted is not done again', async (t) => {
  const { directory, stateDir, start, suspect, messages } = await stateWithStore(t);
  zeroPage(directory, 'records leaf', 10);
  suspect();
  const first = await start();
  const isDone = (): boolean => messages().some((message) => message.startsWith('the damaged spool is restored'));
  await restored(first.spool, isDone);
  const { records } = first.spool.lost();
  await drained(first.reader);
  await first.spool.close();
  const aside = join(stateDir, readdirSync(stateDir).find((name) => name.includes('.damaged-')) as string);
  rmSync(join(aside, 'salvaged'));
  const { spool, reader } = await start();
  const { points } = reader.backlog();
  await restored(spool, () => readdirSync(aside).includes('salvaged'));
  t.is(reader.backlog().points, points);
  t.is(spool.lost().records, records);
});

test('what was lost stays counted when the store that has counted it is damaged in turn', async (t) => {
  const { directory, start, suspect, messages } = await stateWithStore(t);
  const restorations = (): number => messages().filter((message) => message.startsWith('the damaged spool is restored')).length;
  zeroPage(directory, 'records leaf', 10);
  suspect();
  const first = await start();
  await restored(first.spool, () => restorations() === 1);
  const before = first.spool.lost();
  t.true(before.records > 0);
  await first.spool.close();
  zeroPage(directory, 'records branch');
  suspect();
  const { spool } = await start();
  t.deepEqual(spool.lost(), sound);
  await restored(spool, () => restorations() === 2);
  t.deepEqual(spool.lost(), before);
});

test('a spool whose file is gone is missed in words, one that never was is not', async (t) => {
  const { directory, start, messages } = await stateWithStore(t);
  rmSync(directory, { recursive: true });
  await (await start()).spool.close();
  t.deepEqual(messages(), []);
  rmSync(directory, { recursive: true });
  await start();
  t.deepEqual(messages(), ['there is no spool, though a bridge has run here: what waited in one is gone']);
});

test('what finds no room waits until a sink has taken something', async (t) => {
  const { directory, start, suspect, messages } = await stateWithStore(t);
  const all = await drained((await copyOf(t, directory)).reader);
  zeroPage(directory, 'records branch');
  suspect();
  const { spool, reader } = await start(400_000);
  const counts = new Map<number, number>();
  const drain = async (): Promise<void> => (await drained(reader)).forEach((count, delivery) => counts.set(delivery, count));
  const stop = new AbortController();
  const restoring = spool.restore(stop.signal);
  while (!messages().includes('the damaged spool is restored')) {
    await drain();
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop.abort();
  await restoring;
  await drain();
  t.is(worded(counts), worded(all));
});

test('a file that is cut short or a meta page that is gone is seen at every start', async (t) => {
  for (const damage of ['cut', 'meta'] as const) {
    const { directory, start } = await stateWithStore(t);
    if (damage === 'cut') truncateSync(join(directory, 'data.mdb'), 40_960);
    else zeroPage(directory, 'meta', 1);
    const { spool } = await start();
    t.is(await spool.append(pointsOf(1)), 'stored');
  }
});

test('a store that is sound is opened as it is, whatever the cause was', async (t) => {
  const { stateDir, directory, start, suspect, messages } = await stateWithStore(t);
  suspect();
  const { spool } = await start();
  t.deepEqual([messages(), spool.lost()], [['the spool is verified before it is opened', 'the spool is sound'], sound]);
  t.deepEqual(readdirSync(stateDir).filter((name) => name.startsWith('spool')), ['spool']);
  t.true(readdirSync(directory).includes('data.mdb'));
});

test('a store of another version is refused in words, however often, and left alone', async (t) => {
  const { stateDir, directory, start } = await stateWithStore(t);
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  const environment = open({ path: directory, noSubdir: false, overlappingSync: false });
  await environment.openDB({ name: 'meta', ...{ encoder: sealedJson(() => {}) } }).put('format', 1);
  await environment.close();
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await t.throwsAsync(start(), { name: 'UnknownFormat', message: /format 1 is not known here \(this program writes 3\)/ });
  }
  const before = readFileSync(join(directory, 'data.mdb'));
  before.writeUInt32LE(1, 28);
  before.writeUInt32LE(1, 4096 + 28);
  writeFileSync(join(directory, 'data.mdb'), before);
  await t.throwsAsync(start(), { name: 'UnknownFileVersion', message: /version 1, which is not known here/ });
  t.deepEqual(readdirSync(stateDir).filter((name) => name.startsWith('spool')), ['spool']);
});

test('of stores that were set aside and salvaged only the last is kept', async (t) => {
  const { stateDir, directory, start, messages } = await stateWithStore(t);
  for (let round = 1; round <= 2; round += 1) {
    truncateSync(join(directory, 'data.mdb'), 40_960);
    const { spool } = await start();
    await restored(spool, () => messages().filter((message) => message.startsWith('the damaged spool is restored')).length === round);
    await spool.close();
  }
  t.is(readdirSync(stateDir).filter((name) => name.startsWith('spool.damaged-')).length, 1);
});

test('what all else hangs on is looked at before every start: a damaged name of a database, position or format is set aside', async (t) => {
  const { directory, start } = await stateWithStore(t);
  const path = join(directory, 'data.mdb');
  const { uses, pageBytes } = usesOfPages(path);
  const file = readFileSync(path);
  for (const use of ['databases leaf', 'positions leaf', 'meta leaf']) {
    const page = uses.indexOf(use) * pageBytes;
    const node = page + 24 + file.readUInt16LE(page + 24);
    const key = node + 8;
    const value = key + file.readUInt16LE(node + 6);
    for (const at of use === 'databases leaf' ? [key] : [key, value + 2]) {
      const damaged = Buffer.from(file);
      damaged[at] = (damaged[at] as number) ^ 1;
      writeFileSync(path, damaged);
      t.true(openingFaults(directory).length > 0, `${use}, byte ${at - page}`);
    }
  }
  writeFileSync(path, file);
  t.deepEqual(openingFaults(directory), []);
  const { spool } = await start();
  t.deepEqual(spool.lost(), sound);
});
