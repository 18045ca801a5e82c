// The archive has a file for each day, recovers after a crash, and never delays a push.

import test, { type ExecutionContext } from 'ava';
import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { silentLog } from '../../../../src/runtime/log.ts';
import { type Archive, type ArchiveOptions, pushArchive } from '../../../../src/sources/catchpoint/archive/archive.ts';
import { linesOfFile } from '../../../../src/sources/catchpoint/archive/archived-lines.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { until } from '../../../fakes/until.ts';
import { type MovableClock, movableClock } from '../../../fakes/time.ts';

const zcat = async (path: string): Promise<string[]> =>
  (await promisify(execFile)('zcat', [path], { maxBuffer: 1 << 26 })).stdout.split('\n').slice(0, -1);

const push = (number: number): Buffer => Buffer.from(`{"TestId":${number}}`);
const testIds = (lines: readonly string[]): number[] =>
  lines.map((line) => (JSON.parse(line) as { body: { TestId: number } }).body.TestId);

interface Opened {
  readonly archive: Archive;
  readonly clock: MovableClock;
  readonly directory: string;
  readonly stop: () => Promise<void>;
}

async function openArchive(
  t: ExecutionContext,
  { startMs, ...options }: Partial<ArchiveOptions> & { readonly startMs?: number } = {},
): Promise<Opened> {
  const clock = movableClock(startMs);
  const directory = options.directory ?? (await temporaryDirectory(t));
  const archive = pushArchive({ directory, days: 30, clock, log: silentLog(), ...options });
  const stopping = new AbortController();
  const running = archive.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  t.teardown(stop);
  return { archive, clock, directory, stop };
}

/** Advances the clock until so many pushes are written or lost. */
async function written({ archive, clock }: Opened, count: number): Promise<void> {
  while (archive.status().archived + archive.status().lost < count) {
    await clock.advance(2000);
  }
}

const today = 'catchpoint-2026-11-18.ndjson.gz';

test("pushes are in the day's file after two seconds, with the time of their arrival", async (t) => {
  const one = await openArchive(t);
  one.archive.add(push(1));
  one.archive.add(push(2));
  await written(one, 2);
  one.archive.add(push(3));
  await written(one, 3);
  const lines = await zcat(join(one.directory, today));
  t.deepEqual(testIds(lines), [1, 2, 3]);
  t.is(lines[0], '{"receivedAt":"2026-11-18T10:00:00.000Z","body":{"TestId":1}}');
  t.deepEqual(one.archive.status(), { archived: 3, lost: 0, lastError: undefined });
  t.is((await stat(join(one.directory, today))).mode & 0o777, 0o600);
});

test('a stop writes the queued pushes', async (t) => {
  const one = await openArchive(t);
  one.archive.add(push(1));
  await one.stop();
  t.deepEqual(testIds(await zcat(join(one.directory, today))), [1]);
});

test('each UTC day has its file', async (t) => {
  const one = await openArchive(t, { startMs: Date.UTC(2026, 10, 18, 23, 59, 59, 998) });
  one.archive.add(push(1));
  await one.clock.advance(1);
  one.archive.add(push(2));
  await one.clock.advance(1);
  one.archive.add(push(3));
  await written(one, 3);
  t.deepEqual((await readdir(one.directory)).toSorted(), [today, 'catchpoint-2026-11-19.ndjson.gz']);
  t.deepEqual(testIds(await zcat(join(one.directory, today))), [1, 2]);
});

test('a full chunk is written at once', async (t) => {
  const one = await openArchive(t);
  const large = Buffer.from(JSON.stringify({ TestId: 1, padding: 'x'.repeat(300_000) }));
  one.archive.add(large);
  await until(() => one.archive.status().archived === 1);
  t.is(one.clock.now(), Date.UTC(2026, 10, 18, 10));
});

test('a torn end is cut off at the next start', async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, today);
  const first = await openArchive(t, { directory });
  first.archive.add(push(1));
  await written(first, 1);
  const { size } = await stat(path);
  first.archive.add(push(2));
  await first.stop();
  await truncate(path, size + 30);
  const second = await openArchive(t, { directory });
  second.archive.add(push(3));
  await second.stop();
  t.deepEqual(testIds(await zcat(path)), [1, 3]);
});

test("a torn end shorter than a member's header is cut off", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, today);
  const first = await openArchive(t, { directory });
  first.archive.add(push(1));
  await first.stop();
  await appendFile(path, Buffer.from([0x1f, 0x8b]));
  const second = await openArchive(t, { directory });
  second.archive.add(push(2));
  await second.stop();
  t.deepEqual(testIds(await zcat(path)), [1, 2]);
});

test('a file that ends in foreign bytes is moved aside', async (t) => {
  const directory = await temporaryDirectory(t);
  const packed = gzipSync('{"receivedAt":"x","body":{"TestId":9}}\n');
  for (const number of [1, 2]) {
    await writeFile(join(directory, today), packed);
    const one = await openArchive(t, { directory });
    one.archive.add(push(number));
    await one.stop();
  }
  t.deepEqual((await readdir(directory)).toSorted(), [
    'catchpoint-2026-11-18.1.ndjson.gz',
    'catchpoint-2026-11-18.2.ndjson.gz',
    today,
  ]);
  t.deepEqual(await readFile(join(directory, 'catchpoint-2026-11-18.1.ndjson.gz')), packed);
  t.deepEqual(testIds(await zcat(join(directory, today))), [2]);
});

test('a removed file is created again', async (t) => {
  const one = await openArchive(t);
  one.archive.add(push(1));
  await written(one, 1);
  await rm(one.directory, { recursive: true });
  one.archive.add(push(2));
  await written(one, 2);
  t.deepEqual(testIds(await zcat(join(one.directory, today))), [2]);
});

test('removes old days at the start and later, and no other files', async (t) => {
  const directory = await temporaryDirectory(t);
  const names = [
    'catchpoint-2026-11-15.ndjson.gz',
    'catchpoint-2026-11-16.1.ndjson.gz',
    'catchpoint-2026-11-16.ndjson.gz',
    'notes.txt',
    'old-2020-01-01.ndjson.gz',
  ];
  for (const name of names) await writeFile(join(directory, name), '');
  const one = await openArchive(t, { directory, days: 3, startMs: Date.UTC(2026, 10, 18, 23, 30) });
  await one.clock.untilSomebodySleeps();
  t.deepEqual((await readdir(directory)).toSorted(), names.slice(1));
  await one.clock.advance(3_600_000);
  await one.stop();
  t.deepEqual((await readdir(directory)).toSorted(), names.slice(3));
});

test('counts lost pushes, logs the first failure, and recovers', async (t) => {
  let free = 0;
  const warned: string[] = [];
  const log = Object.assign(silentLog(), { warn: (_: object, words: string) => void warned.push(words) });
  const one = await openArchive(t, { freeBytes: async () => free, log });
  one.archive.add(push(1));
  await written(one, 1);
  one.archive.add(push(2));
  await written(one, 2);
  t.is(one.archive.status().lost, 2);
  t.regex(one.archive.status().lastError ?? '', /expected 268435456 bytes of free space, found 0$/);
  t.deepEqual(warned, ['pushes are not archived; they are taken all the same']);
  free = 2 ** 30;
  one.archive.add(push(3));
  await written(one, 3);
  t.deepEqual(one.archive.status(), { archived: 1, lost: 2, lastError: undefined });
});

test('a directory that cannot be created does not fail a push', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'file'), '');
  const one = await openArchive(t, { directory: join(directory, 'file', 'archive') });
  t.notThrows(() => one.archive.add(push(1)));
  await written(one, 1);
  t.regex(one.archive.status().lastError ?? '', /^ENOTDIR/);
});

test('bounds the queue while the disk is stuck', async (t) => {
  let release = (): void => {};
  const stuck = new Promise<number>((resolve) => void (release = () => resolve(2 ** 30)));
  const one = await openArchive(t, { freeBytes: () => stuck });
  const large = Buffer.from(JSON.stringify({ padding: 'x'.repeat(2 ** 20) }));
  for (let number = 0; number < 20; number += 1) one.archive.add(large);
  t.is(one.archive.status().lost, 13);
  release();
  await written(one, 20);
  t.is(one.archive.status().archived, 7);
});

test('reads back every line as it was written', async (t) => {
  const one = await openArchive(t);
  for (let number = 1; number <= 500; number += 1) {
    one.archive.add(push(number));
    if (number % 100 === 0) await written(one, number);
  }
  const lines: string[] = [];
  const reading = { damaged: (words: string) => t.fail(words), at: () => {} };
  for await (const line of linesOfFile(join(one.directory, today), reading)) lines.push(line);
  t.deepEqual(lines, await zcat(join(one.directory, today)));
  t.is(lines.length, 500);
});
