// A crash at any byte of a write: everything acknowledged before is recovered once, and nothing else.

import test, { type ExecutionContext } from 'ava';
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expanded } from '../../../src/model/factored-points.ts';
import type { DataPoint } from '../../../src/model/point.ts';
import { groupTable } from '../../../src/spool/log/group-table.ts';
import { pointsDecoder } from '../../../src/spool/log/payload.ts';
import { recordReader } from '../../../src/spool/log/record-reader.ts';
import { recover } from '../../../src/spool/state/recovery.ts';
import { verifySpool } from '../../../src/spool/verify.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import {
  copied,
  drained,
  numbersOfPoints,
  recordingWrite,
  push,
  run,
  scoped,
  smallSegmentBytes,
  smallSpool,
  memoryDirectory,
  type WrittenGroup,
} from '../small-spool.ts';

interface Pushed {
  readonly number: number;
  /** The number of durable groups when it was acknowledged. */
  acknowledgedAfter: number;
}

interface Recorded {
  /** As the kill left it. */
  readonly directory: string;
  readonly groups: readonly WrittenGroup[];
  readonly pushed: readonly Pushed[];
}

/** A killed spool with pushes one by one and two at a time. */
async function recorded(t: ExecutionContext, first = 11): Promise<Recorded> {
  const directory = await memoryDirectory(t);
  const groups: WrittenGroup[] = [];
  const spool = await smallSpool(t, directory, { write: recordingWrite(groups) });
  await spool.reader('tsdb');
  const pushed: Pushed[] = [];
  async function pushOne(number: number): Promise<void> {
    const noted: Pushed = { number, acknowledgedAfter: Infinity };
    pushed.push(noted);
    await spool.append(points(1, number), run(`run ${number}`));
    noted.acknowledgedAfter = groups.length;
  }
  for (let round = 0; round < 9; round += 1) {
    const number = first + round * 3;
    await pushOne(number);
    await Promise.all([pushOne(number + 1), pushOne(number + 2)]);
  }
  return { directory: await copied(t, directory), groups, pushed };
}

/** The numbers to recover from the first `whole` groups. */
function expected({ pushed }: Recorded, whole: number): number[] {
  return pushed.filter(({ acknowledgedAfter }) => acknowledgedAfter <= whole).map(({ number }) => number);
}

/** Returns the bytes after a cut up to the end of the file. Undefined: the file ends at the cut. */
type Behind = ((from: number, length: number) => Buffer) | undefined;

/** Writes a file up to a cut. */
function cutAt(original: Buffer, path: string, at: number, behind: Behind): void {
  const file = openSync(path, 'w');
  writeSync(file, original, 0, at, 0);
  if (behind === undefined) ftruncateSync(file, at);
  else writeSync(file, behind(at, original.length - at), 0, original.length - at, at);
  closeSync(file);
}

/** Cuts the last segment at every byte of its last three groups. */
async function cutEverywhere(t: ExecutionContext, record: Recorded, behind: Behind): Promise<void> {
  const { groups, directory } = record;
  const last = groups.at(-1) as WrittenGroup;
  const [first] = groups.filter(({ name }) => name === last.name).slice(-3) as [WrittenGroup];
  const original = readFileSync(join(directory, last.name));
  const looked = await copied(t, directory);
  const wrong: string[] = [];
  for (let at = first.at; at <= last.end; at += 1) {
    cutAt(original, join(looked, last.name), at, behind);
    const left = readFileSync(join(looked, last.name));
    const whole = groups.filter(
      ({ name, at: from, end, bytes }) =>
        name < last.name || left.subarray(from, end).equals(bytes.subarray(0, end - from)),
    ).length;
    const wanted = expected(record, whole).join();
    const found = lookedAt(looked).join();
    if (found !== wanted) wrong.push(`cut at ${at}: ${found} and not ${wanted}`);
    if (at % 48 !== 0 && at !== last.end) continue;
    const read = await readTwice(await copied(t, looked));
    if (read.numbers.join() !== wanted) wrong.push(`cut at ${at}, opened: ${read.numbers.join()} and not ${wanted}`);
    if (read.later.join() !== `${wanted},1001,1002`)
      wrong.push(`cut at ${at}, appended: ${read.later.join()} and not ${wanted},1001,1002`);
    if (read.suspectTails > 1 || read.lost !== 0)
      wrong.push(`cut at ${at}: ${read.suspectTails} tails, ${read.lost} lost`);
  }
  t.deepEqual(wrong, []);
}

/** The records that recovery finds, without repairs. */
function lookedAt(directory: string): number[] {
  const { segments, totals } = recover({ directory, clock: movableClock(), repairs: false });
  const records = recordReader({
    directory,
    segments: () => segments,
    groups: groupTable(directory),
    decode: pointsDecoder(),
  });
  const found: DataPoint[] = [];
  for (let from = 1; from <= totals.records;) {
    const read = records.read(from, totals.records, Infinity);
    found.push(...(read?.records ?? []).flatMap((record) => expanded(record.points)));
    from = (read?.through ?? Infinity) + 1;
  }
  records.close();
  return numbersOfPoints(found);
}

/** Opens the spool, and again after more was appended. */
const readTwice = (directory: string) =>
  scoped(async (scope) => {
    const first = await smallSpool(scope, directory);
    const reader = await first.reader('tsdb');
    const taken: DataPoint[] = [];
    for (let batch = reader.next(5); batch !== undefined; batch = reader.next(5)) taken.push(...batch.points);
    const { suspectTails } = await first.status();
    const found = { numbers: numbersOfPoints(taken), suspectTails, lost: first.lost().records, later: [] as number[] };
    await push(first, 1001, 1002);
    await first.close();
    found.later = numbersOfPoints(await drained(await (await smallSpool(scope, directory)).reader('tsdb')));
    return found;
  });

test('after a cut at any byte of the last three groups, everything acknowledged before is recovered once', async (t) => {
  await cutEverywhere(t, await recorded(t), undefined);
});

test('after a write torn at any byte, with zeros after it, everything acknowledged before is recovered', async (t) => {
  await cutEverywhere(t, await recorded(t), (_from, length) => Buffer.alloc(length));
});

test('after a write torn at any byte, with garbage after it, everything acknowledged before is recovered', async (t) => {
  await cutEverywhere(t, await recorded(t), (from, length) =>
    Buffer.from(Array.from({ length }, (_, index) => ((from + index) * 2654435761) >>> 13)),
  );
});

test('after a write torn at any byte, with stale groups after it, everything acknowledged before is recovered', async (t) => {
  // The same pushes make groups of equal length: the stale groups are exactly where the torn ones would be.
  const stale = await recorded(t, 51);
  const record = await recorded(t);
  const last = record.groups.at(-1) as WrittenGroup;
  t.deepEqual(
    stale.groups.map(({ at, end }) => [at, end]),
    record.groups.map(({ at, end }) => [at, end]),
  );
  const bytes = readFileSync(join(stale.directory, last.name));
  await cutEverywhere(t, record, (from, length) => bytes.subarray(from, from + length));
});

test('a torn group is kept aside, and counted once', async (t) => {
  const record = await recorded(t);
  const last = record.groups.at(-1) as WrittenGroup;
  const directory = await copied(t, record.directory);
  cutAt(readFileSync(join(record.directory, last.name)), join(directory, last.name), last.end - 1, (_from, length) =>
    Buffer.alloc(length),
  );
  const spool = await smallSpool(t, directory);
  t.is((await spool.status()).suspectTails, 1);
  const killed = await copied(t, directory);
  t.deepEqual(
    readFileSync(join(killed, last.name.replace('.segment', '.tail'))).subarray(0, last.end - last.at - 1),
    last.bytes.subarray(0, last.end - last.at - 1),
  );
  const again = await smallSpool(t, killed);
  t.is((await again.status()).suspectTails, 1, 'after a kill');
  await again.close();
  t.is((await (await smallSpool(t, killed)).status()).suspectTails, 1, 'after a stop');
});

test('a segment with only a header is skipped without a loss', async (t) => {
  const record = await recorded(t);
  const last = record.groups.at(-1) as WrittenGroup;
  const inLast = record.groups.filter(({ name }) => name === last.name);
  for (const length of [0, 1, 127, 128, 600, 1024, smallSegmentBytes]) {
    const directory = await copied(t, record.directory);
    const file = readFileSync(join(directory, last.name));
    file.fill(0, (inLast[0] as WrittenGroup).at);
    writeFileSync(join(directory, last.name), file.subarray(0, length));
    const spool = await smallSpool(t, directory);
    const reader = await spool.reader('tsdb');
    await spool.append(points(1, 1001));
    t.deepEqual(
      numbersOfPoints(await drained(reader)),
      [...expected(record, record.groups.length - inLast.length), 1001],
      `${length} bytes`,
    );
    t.is(spool.lost().records, 0);
  }
});

test('a last segment that is cut short, emptied or without a header is an uncounted loss', async (t) => {
  const record = await recorded(t);
  const last = record.groups.at(-1) as WrittenGroup;
  const lengths = [0, 1, 1023, last.at + 1, last.at + 70, last.end - 1];
  const cut = lengths.map(
    (length) =>
      (file: Buffer): Buffer =>
        file.subarray(0, length),
  );
  for (const [index, damage] of [...cut, (file: Buffer): Buffer => Buffer.from(file).fill(0, 0, 1024)].entries()) {
    const directory = await copied(t, record.directory);
    writeFileSync(join(directory, last.name), damage(readFileSync(join(directory, last.name))));
    const spool = await smallSpool(t, directory);
    t.is(spool.lost().uncounted, 1, `${index}`);
    await spool.append(points(1, 1001));
    const killed = await smallSpool(t, await copied(t, directory));
    t.is(killed.lost().uncounted, 1, `${index}, after a kill`);
    await killed.close();
    await spool.close();
    t.is((await smallSpool(t, directory)).lost().uncounted, 1, `${index}, after a stop`);
  }
});

test('a missing last segment is an uncounted loss', async (t) => {
  const record = await recorded(t);
  const last = record.groups.at(-1) as WrittenGroup;
  const directory = await copied(t, record.directory);
  rmSync(join(directory, last.name));
  const { damage } = await verifySpool(directory, { isRunning: false, signal: new AbortController().signal });
  t.regex(damage.join(), /was begun, and its file is gone/);
  const spool = await smallSpool(t, directory);
  t.is(spool.lost().uncounted, 1);
  await spool.append(points(1, 1001));
  t.is((await smallSpool(t, await copied(t, directory))).lost().uncounted, 1, 'after a kill');
  await spool.close();
  const again = await smallSpool(t, directory);
  t.is(again.lost().uncounted, 1, 'after a stop');
  t.deepEqual(numbersOfPoints(await drained(await again.reader('tsdb'))), [
    ...expected(record, record.groups.filter(({ name }) => name !== last.name).length),
    1001,
  ]);
});

test('a torn write in a preallocated file is not a loss', async (t) => {
  const record = await recorded(t);
  const last = record.groups.at(-1) as WrittenGroup;
  for (const from of [last.at + 1, last.at + 70, last.end - 1]) {
    const directory = await copied(t, record.directory);
    const file = readFileSync(join(directory, last.name));
    writeFileSync(join(directory, last.name), file.fill(0, from));
    t.is((await smallSpool(t, directory)).lost().uncounted, 0, `${from}`);
    t.is((await smallSpool(t, directory)).lost().uncounted, 0, `${from}, once more`);
  }
});
