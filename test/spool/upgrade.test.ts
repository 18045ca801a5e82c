// The upgrade from a legacy store: everything in it arrives once, whatever happens meanwhile, and then its file is
// removed.

import test from 'ava';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync, write as writeToFile, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WriteFunction } from '../../src/spool/log/segment-log.ts';
import { verifySpool } from '../../src/spool/verify.ts';
import { readLog, type ReadLog } from '../fakes/log.ts';
import { points } from '../fakes/points.ts';
import { until } from '../fakes/until.ts';
import { rowTest } from '../faults/row-test.ts';
import { bytesOf, contentsOf, directoryWith, filledStore, recordsOfThree } from './legacy/legacy-stores.ts';
import {
  advanceUntil,
  atTheBeginning,
  copyOf,
  crashes,
  drained,
  drainedNow,
  kept,
  keptIn,
  onFullDisk,
  opened,
  readersOf,
  waitingFor,
} from './upgrading.ts';

const full = contentsOf('full');
const sinks = ['carbon', 'old', 'tsdb'];
const messages = (lines: ReadLog['lines']): unknown[] => lines().map(({ msg }) => msg);
const runOf = (delivery: number, body: number | string = delivery) => ({
  run: {
    key: `run ${delivery}`,
    atMs: 1794994452000 + delivery * 1000,
    digest: createHash('sha1').update(String(body)).digest('base64url'),
  },
});
const legacyFiles = (directory: string): string[] => readdirSync(directory).filter((name) => /mdb/.test(name));

test('letters, samples, retries, parked measurements, losses and skipped points survive the upgrade and a restart', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const first = await opened(t, directory);
  t.deepEqual(await kept(first, sinks), keptIn(full, sinks));
  await first.spool.close();
  t.deepEqual(await kept(await opened(t, directory), sinks), keptIn(full, sinks));
});

test('positions survive, with ranges finished out of order and the time of a removed sink', async (t) => {
  const { spool } = await opened(t, await directoryWith(t, bytesOf('full')));
  const status = await spool.status();
  t.deepEqual(
    [status.lastRecord, status.sinks.map(({ name, through, isConfigured }) => [name, through, isConfigured])],
    [
      35,
      [
        ['carbon', 4, undefined],
        ['old', 4, false],
        ['tsdb', 5, undefined],
      ],
    ],
  );
  for (const sink of sinks) {
    const { points: waiting, oldestAtMs } = (await spool.reader(sink)).backlog();
    const retried = full.retries.filter(([[of]]) => of === sink).reduce((sum, [, row]) => sum + row.points.length, 0);
    t.deepEqual([waiting, oldestAtMs === undefined], [waitingFor(full, sink).length + retried, false]);
  }
});

test('every sink gets its unfinished points in order and once, then new points; a removed sink gets its held points', async (t) => {
  const { spool } = await opened(t, await directoryWith(t, bytesOf('full')));
  const readers = await Promise.all(sinks.map((sink) => spool.reader(sink)));
  t.true(spool.isRestoring());
  await spool.append(points(5), runOf(50));
  for (const [index, reader] of readers.entries())
    t.deepEqual(await drained(reader), [...waitingFor(full, sinks[index] as string), ...points(5)]);
  for (const reader of readers) t.deepEqual((await drained(reader)).length, 0);
});

test('annotations arrive with their points', async (t) => {
  const contents = contentsOf('annotations');
  const { spool } = await opened(t, await directoryWith(t, bytesOf('annotations')));
  const reader = await spool.reader('tsdb');
  t.deepEqual(await drained(reader), waitingFor(contents, 'tsdb'));
  t.deepEqual(reader.nextRetry()?.points, contents.retries[0]?.[1].points);
});

test('a run in the legacy store is a duplicate, with either of its contents, and a new run is not', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const { spool } = await opened(t, directory);
  const outcomes = async (of: typeof spool): Promise<string[]> => [
    await of.append(points(1), runOf(40)),
    await of.append(points(1), runOf(24)),
    await of.append(points(1), runOf(24, 'other contents')),
    await of.append(points(1), runOf(24, 'third')),
  ];
  t.deepEqual(await outcomes(spool), ['duplicate', 'duplicate', 'duplicate', 'conflict']);
  for (const sink of sinks) await drained(await spool.reader(sink));
  await spool.close();
  const later = await opened(t, directory);
  t.deepEqual(await outcomes(later.spool), ['duplicate', 'duplicate', 'duplicate', 'duplicate']);
  t.is(await later.spool.append(points(1), runOf(99)), 'stored');
});

test('the file is removed once every sink has finished the last record, and stays removed', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const { spool, clock } = await opened(t, directory);
  const readers = await Promise.all(sinks.map((sink) => spool.reader(sink)));
  for (const reader of readers) {
    t.true(existsSync(join(directory, 'data.mdb')));
    await drained(reader);
  }
  await clock.advance(100);
  await spool.legacyDrained();
  t.deepEqual([legacyFiles(directory), spool.isRestoring()], [[], false]);
  await spool.append(points(3));
  t.deepEqual(await drained(readers[0] as (typeof readers)[0]), points(3));
  await spool.close();
  const later = await opened(t, directory);
  await later.spool.legacyDrained();
  t.deepEqual(legacyFiles(directory), []);
  t.deepEqual(await kept(later, sinks), keptIn(full, sinks));
  t.deepEqual(await drained(await later.spool.reader('tsdb')), points(3));
});

test('the newest batch comes from the log or, if the log has no records, is the oldest batch of the legacy store', async (t) => {
  const { spool } = await opened(t, await directoryWith(t, bytesOf('full')));
  const reader = await spool.reader('carbon');
  await spool.append(points(5));
  t.deepEqual(reader.next(40, 'newest')?.points, points(5));
  t.is(reader.next(10, 'newest'), undefined);
  let batch = reader.next(10, 'newest');
  for (; batch === undefined; batch = reader.next(10, 'newest')) await reader.wakeup.wait();
  t.deepEqual(batch.points, waitingFor(full, 'carbon').slice(0, 7));
});

test('a dropped backlog is not read, and points over the budget of an optional sink are skipped and counted', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const { spool } = await opened(t, directory);
  await spool.reader('tsdb');
  const carbon = await spool.reader('carbon', { maxBytes: 20_000, maxAgeMs: 86_400_000 });
  t.is((await spool.drop('tsdb')).points > 0, true);
  await spool.append(points(2));
  const skipped = carbon.skippedPoints() - 70;
  t.true(skipped > 200 && skipped < 400, `${skipped}`);
  const taken = [...(await drained(carbon)), ...(await drainedNow(carbon))];
  t.true(taken.length < 230 && taken.length > 60, `${taken.length}`);
  t.deepEqual([taken.slice(-2), carbon.backlog().points], [points(2), 1]);
});

test('kills at any moment of the upgrade and of the next start lose and duplicate nothing', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const first = await crashes(t, directory);
  await (await opened(t, directory, { write: first.write })).spool.close();
  t.true(first.copies.length >= 3, `${first.copies.length}`);
  for (const copy of first.copies) {
    const second = await crashes(t, copy);
    await (await opened(t, copy, { write: second.write })).spool.close();
    for (const twice of second.copies) {
      const upgraded = await opened(t, twice);
      t.deepEqual(await kept(upgraded, sinks), keptIn(full, sinks));
      t.deepEqual(await drained(await upgraded.spool.reader('tsdb')), waitingFor(full, 'tsdb'));
      t.is(await upgraded.spool.append(points(1), runOf(40)), 'duplicate');
      await upgraded.spool.close();
    }
  }
});

test('if writes fail for lack of space, sinks are served, and the next start carries over again', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  let writes = 0;
  const write: WriteFunction = (...given) => {
    writes += 1;
    if (writes % 2 === 1) writeToFile(...given);
    else given[5](Object.assign(new Error('played'), { code: 'ENOSPC' }), 0);
  };
  const { spool } = await opened(t, directory, { write });
  t.deepEqual([spool.isRestoring(), writes > 2], [true, true]);
  t.is((await t.throwsAsync(spool.append(points(1))))?.name, 'SpoolFull');
  t.deepEqual(await drained(await spool.reader('carbon')), waitingFor(full, 'carbon'));
  await spool.close();
  const later = await opened(t, directory);
  t.deepEqual(await kept(later, sinks), keptIn(full, sinks));
  t.deepEqual(await drained(await later.spool.reader('tsdb')), waitingFor(full, 'tsdb'));
});

test('two kills during the drain lose nothing, and only batches not recorded as finished are written again', async (t) => {
  const expected = waitingFor(full, 'tsdb');
  const first = await opened(t, await directoryWith(t, bytesOf('full')));
  const before = await drained(await first.spool.reader('tsdb'), { batches: 2 });
  await first.clock.advance(50);
  await first.spool.append([]);
  const second = await opened(t, await copyOf(t, first.directory));
  const meanwhile = await drained(await second.spool.reader('tsdb'), { batches: 2 });
  const third = await opened(t, await copyOf(t, second.directory));
  const rest = await drained(await third.spool.reader('tsdb'));
  t.deepEqual([...before, ...rest], expected);
  t.deepEqual([...before, ...meanwhile], expected.slice(0, before.length + meanwhile.length));
  t.deepEqual(await kept(third, sinks), keptIn(full, sinks));
});

test('a killed reader process is restarted, and every record arrives once', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, 4000), positions: atTheBeginning });
  const { log, lines } = readLog();
  const { spool, clock } = await opened(t, directory, { log });
  const reader = await spool.reader('tsdb');
  const begun = await drained(reader, { maxPoints: 300, batches: 2 });
  for (const pid of readersOf(directory)) process.kill(pid, 'SIGKILL');
  const draining = drained(reader, { maxPoints: 300 });
  await until(() => messages(lines).includes('the store of an earlier version cannot be read now; it is tried again'));
  await advanceUntil(clock, () => readersOf(directory).length > 0);
  const all = [...begun, ...(await draining)];
  t.deepEqual(
    all.map(({ value }) => value),
    [...recordsOfThree(1, 4000)].flatMap(([sequence]) => [1, 2, 3].map(() => `${sequence}.5`)),
  );
  t.deepEqual([spool.lost().records, existsSync(join(directory, 'data.mdb'))], [0, spool.isRestoring()]);
});

test('a store that cannot be opened is set aside, counted and logged, and the spool accepts points, also after a restart', async (t) => {
  const directory = await directoryWith(t, bytesOf('full').subarray(0, 12_288));
  const { log, lines } = readLog();
  const { spool } = await opened(t, directory, { log });
  t.like(spool.lost(), { uncounted: 1 });
  t.deepEqual(messages(lines), [
    'the store of an earlier version cannot be read; it is set aside, and what waited in it is lost',
    'the store of an earlier version that could not be read is kept here',
  ]);
  t.deepEqual(legacyFiles(directory), ['data.mdb.damaged-20261118T130101Z']);
  await spool.legacyDrained();
  const reader = await spool.reader('tsdb');
  t.is(await spool.append(points(3)), 'stored');
  t.deepEqual(await drained(reader), points(3));
  await spool.close();
  const later = await opened(t, directory);
  t.deepEqual([later.spool.lost().uncounted, later.spool.isRestoring()], [1, false]);
});

test('a store that crashes its reader process is set aside, and its unfinished records count as lost once for all sinks', async (t) => {
  const directory = await filledStore(t, {
    records: recordsOfThree(1, 8000),
    positions: { ...atTheBeginning, carbon: { through: 100, finished: [], points: 300, bytes: 50_000 } },
  });
  const { log, lines } = readLog();
  const { spool } = await opened(t, directory, { log });
  const [tsdb, carbon] = [await spool.reader('tsdb'), await spool.reader('carbon')];
  await drained(tsdb, { maxPoints: 300, batches: 3 });
  truncateSync(join(directory, 'data.mdb'), 49_152);
  await drained(tsdb, { maxPoints: 300 });
  await drained(carbon, { maxPoints: 300 });
  await spool.legacyDrained();
  const { records, points: lostPoints, uncounted } = spool.lost();
  t.deepEqual([records, lostPoints], [7900, 23_700]);
  t.deepEqual(
    [uncounted, tsdb.backlog().points, carbon.backlog().points, messages(lines).at(-1)],
    [0, 0, 0, 'the store of an earlier version that could not be read is kept here'],
  );
  await spool.append(points(3));
  t.deepEqual([await drained(tsdb), await drained(carbon)], [points(3), points(3)]);
});

test('a damaged record counts as lost once for all sinks, and its neighbours arrive', async (t) => {
  const directory = await filledStore(t, {
    records: recordsOfThree(1, 40),
    damaged: [19, 30],
    positions: { ...atTheBeginning, carbon: { through: 10, finished: [], points: 30, bytes: 5000 } },
  });
  const { spool, clock } = await opened(t, directory);
  for (const sink of ['tsdb', 'carbon', 'tsdb']) await drained(await spool.reader(sink));
  t.like(spool.lost(), { records: 2, points: 6, uncounted: 0 });
  await clock.advance(50);
  await spool.legacyDrained();
  await spool.close();
  t.like((await opened(t, directory)).spool.lost(), { records: 2, points: 6 });
});

test('a store that a downgrade has made beside the log is set aside, and not mixed with the log', async (t) => {
  const directory = await filledStore(t, { records: recordsOfThree(1, 4), positions: atTheBeginning });
  const first = await opened(t, directory);
  await drained(await first.spool.reader('tsdb'));
  await first.clock.advance(50);
  await first.spool.legacyDrained();
  await first.spool.append(points(2));
  await first.spool.close();
  writeFileSync(join(directory, 'data.mdb'), bytesOf('full'));
  const { spool } = await opened(t, directory);
  t.deepEqual([spool.lost().uncounted, legacyFiles(directory)], [1, ['data.mdb.damaged-20261118T130101Z']]);
  t.deepEqual(await drained(await spool.reader('tsdb')), points(2));
});

test('a store that is removed before it is drained counts as lost', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  await (await opened(t, directory)).spool.close();
  rmSync(join(directory, 'data.mdb'));
  const { spool } = await opened(t, directory);
  t.deepEqual([spool.lost().records, spool.lost().points, spool.isRestoring()], [2 + 31, 19 + 450 - 18, false]);
  t.is((await spool.reader('carbon')).untakenPoints(), 0);
});

test('spools that an earlier version has set aside are logged and not touched', async (t) => {
  const directory = await directoryWith(t, bytesOf('annotations'));
  mkdirSync(`${directory}.damaged-20261117T010203Z`);
  writeFileSync(join(`${directory}.damaged-20261117T010203Z`, 'data.mdb'), bytesOf('full'));
  const { log, lines } = readLog();
  const { spool } = await opened(t, directory, { log });
  t.is(messages(lines)[0], 'an earlier version has set this spool aside as damaged; it is not read');
  t.is((await spool.status()).lastRecord, 6);
  t.true(existsSync(join(`${directory}.damaged-20261117T010203Z`, 'data.mdb')));
});

test('`spool verify` reports a legacy store that is not drained', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  t.like(await verifySpool(directory, { isRunning: false, signal: new AbortController().signal }), {
    hasFormerStore: true,
    damage: [],
  });
});

rowTest('F11', 'on a full disk with a reserve the upgrade succeeds, and the drain frees space', async (t) => {
  const { directory, spool, clock } = await onFullDisk(t, 256 * 1024);
  t.deepEqual(await kept({ spool, clock }, sinks), keptIn(full, sinks));
  t.is((await t.throwsAsync(spool.append(points(1))))?.name, 'SpoolFull');
  for (const sink of sinks) t.deepEqual(await drained(await spool.reader(sink)), waitingFor(full, sink));
  await clock.advance(50);
  await spool.legacyDrained();
  t.deepEqual(legacyFiles(directory), []);
});

rowTest(
  'F11',
  'on a full disk without a reserve sinks are served and pushes refused, and the carry-over follows once there is space',
  async (t) => {
    const { directory, spool, clock, empty } = await onFullDisk(t, 0);
    const reader = await spool.reader('tsdb');
    t.deepEqual(await drained(reader), waitingFor(full, 'tsdb'));
    t.is((await t.throwsAsync(spool.append(points(1))))?.name, 'SpoolFull');
    t.deepEqual([spool.isRestoring(), spool.deadLetters.count()], [true, 0]);
    empty();
    await clock.advance(1000);
    await spool.tidy();
    t.deepEqual(await kept({ spool, clock }, sinks), keptIn(full, sinks));
    t.is(await spool.append(points(2)), 'stored');
    t.deepEqual(await drained(reader), points(2));
    for (const sink of ['carbon', 'old'])
      t.deepEqual(await drained(await spool.reader(sink)), [...waitingFor(full, sink), ...points(2)]);
    await clock.advance(50);
    await spool.legacyDrained();
    t.deepEqual(legacyFiles(directory), []);
  },
);
