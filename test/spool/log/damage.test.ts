// Damage anywhere in the segments: no point is wrong, every record is delivered or counted as lost, only hits are lost.

import test, { type ExecutionContext } from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { firstGroupAt, frameHeaderBytes } from '../../../src/spool/log/format.ts';
import { firstGroupOf } from '../../../src/spool/log/group-table.ts';
import { readGroup, openSegmentFile } from '../../../src/spool/log/scan.ts';
import { readSegmentHeader } from '../../../src/spool/log/segment-files.ts';
import { segmentEntry } from '../../../src/spool/log/segment-table.ts';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import {
  copied,
  drained,
  filesOf,
  memoryDirectory,
  nothing,
  numbersOfPoints,
  recordingWrite,
  rejection,
  run,
  type Scope,
  scoped,
  smallSpool,
  type WrittenGroup,
} from '../small-spool.ts';

interface StoredFrame {
  readonly from: number;
  readonly to: number;
  /** The number of its record; 0: none. */
  readonly record: number;
  /** Offset of its group. */
  readonly group: number;
}

interface Filled {
  readonly directory: string;
  readonly lastPoint: number;
  readonly points: ReadonlyMap<number, number>;
  readonly frames: ReadonlyMap<string, readonly StoredFrame[]>;
  /** The file and place of the last group of all. */
  readonly lastGroup: { readonly name: string; readonly at: number };
}

/** A spool of several segments with every kind of contents. The sink `other` has finished nothing. */
async function filled(t: ExecutionContext, { isKilled = false } = {}): Promise<Filled> {
  const directory = await memoryDirectory(t);
  const spool = await smallSpool(t, directory);
  const [tsdb] = [await spool.reader('tsdb'), await spool.reader('other')];
  const pointsOf = new Map<number, number>();
  let [record, next] = [0, 1];
  const push = async (count: number, options = {}): Promise<void> => {
    pointsOf.set((record += 1), count);
    const appended = spool.append(points(count, next), { ...run(`${record}`), ...options });
    next += count;
    await appended;
  };
  for (let round = 0; round < 14; round += 1) {
    await Promise.all([push(1), push(2), push(3)]);
    await push(1, { deadLetter: { kind: 'implausible-time', reason: 'no', raw: `${round}` } });
    await push(1, { parked: { waitsFor: `${round % 3}`, payload: `${round}` } });
    const [first, second] = [tsdb.next(2), tsdb.next(2)] as [Batch, Batch];
    await tsdb.finish(second, {
      ...nothing,
      kept: points(2, 1),
      letters: [rejection(`r${round}`)],
    });
    if (round % 2 === 0) await tsdb.finish(first, nothing);
  }
  const killed = isKilled ? await copied(t, directory) : directory;
  await spool.close();
  const frames = new Map(filesOf(killed, 'segment').map((name) => [name, framesIn(killed, name)]));
  const last = [...frames].findLast(([, all]) => all.length > 0) as [string, StoredFrame[]];
  return {
    directory: killed,
    lastPoint: next - 1,
    points: pointsOf,
    frames,
    lastGroup: { name: last[0], at: last[1].at(-1)?.group ?? 0 },
  };
}

function framesIn(directory: string, name: string): StoredFrame[] {
  const header = readSegmentHeader(directory, Number(name.slice(0, 12)));
  const file = openSegmentFile(join(directory, name));
  const entry = segmentEntry(header as NonNullable<typeof header>, file.size());
  const frames: StoredFrame[] = [];
  for (let place = firstGroupOf(entry); ;) {
    const group = readGroup({ file, seed: entry.seed, limit: file.size() }, place);
    if (group === undefined) break;
    for (const { at, payload, points: count, record } of group.frames) {
      frames.push({
        from: at,
        to: at + frameHeaderBytes + payload.length,
        record: count > 0 ? group.header.before.records + record + 1 : 0,
        group: place.at,
      });
    }
    place = group.next;
  }
  file.close();
  return frames;
}

interface Hit {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly damage: (bytes: Buffer) => void;
}

const damages = [
  { name: 'a bit', align: 1, length: 1, damage: (bytes: Buffer) => void (bytes[0] = (bytes[0] as number) ^ 16) },
  { name: '16 zeros', align: 1, length: 16, damage: (bytes: Buffer) => void bytes.fill(0) },
  { name: 'a zeroed sector', align: 512, length: 512, damage: (bytes: Buffer) => void bytes.fill(0) },
] as const;

/** A sample of all hits. BRIDGE_LONG=1 tries all of them for an hour and more; BRIDGE_EVERY=41 every 41st of them. */
function hitsOf({ frames }: Filled, count: number, seed: number): Hit[] {
  const all = [...frames].flatMap(([name, stored]) => {
    const end = stored.at(-1)?.to ?? firstGroupAt;
    return damages.flatMap(({ name: what, align, length, damage }) =>
      Array.from({ length: Math.ceil(end / align) }, (_, index): Hit => ({
        name: `${name} ${what}`,
        from: index * align,
        to: index * align + length,
        damage,
      })),
    );
  });
  const every = Number(process.env['BRIDGE_EVERY'] ?? 1);
  if (process.env['BRIDGE_LONG'] === '1') return all.filter((_, index) => index % every === seed % every);
  const random = sequence(seed);
  const sectors = all.filter(({ from, to }) => to - from === 512);
  return [...sectors, ...Array.from({ length: count }, () => all[Math.floor(random() * all.length)] as Hit)];
}

function sequence(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

function hit(directory: string, { name, from, to, damage }: Hit): void {
  const path = join(directory, name.split(' ')[0] as string);
  const bytes = readFileSync(path);
  damage(bytes.subarray(from, Math.min(to, bytes.length)));
  writeFileSync(path, bytes);
}

/** Opens a damaged copy and reads everything. Returns what is wrong. */
async function judged(filledOne: Filled, one: Hit, { isKilled }: { readonly isKilled: boolean }): Promise<string[]> {
  const wrong: string[] = [];
  const judge = async (scope: Scope): Promise<void> => {
    const directory = await copied(scope, filledOne.directory);
    hit(directory, one);
    const spool = await smallSpool(scope, directory, { clock: movableClock() });
    const before = spool.lost();
    const retryBytes = (await spool.status()).sinks.find(({ name }) => name === 'tsdb')?.retrySet.points ?? 0;
    const [reader, tsdb] = [await spool.reader('other'), await spool.reader('tsdb')];
    const [all] = [await drained(reader, 3), await drained(tsdb, 3)];
    const found = new Set(numbersOfPoints(all));
    if (found.size !== all.length) wrong.push('points come twice');
    if (
      !isDeepStrictEqual(
        all,
        numbersOfPoints(all).flatMap((number) => points(1, number)),
      )
    )
      wrong.push('a point is not as it was');
    const lostHere = spool.lost();
    const hitRecords = (filledOne.frames.get(one.name.split(' ')[0] as string) ?? [])
      .filter(({ from, to }) => from < one.to && to > one.from)
      .map(({ record }) => record);
    let next = 1;
    const missing = [...filledOne.points].filter(([record, count]) => {
      const isThere = Array.from({ length: count }, (_, index) => found.has(next + index)).every(Boolean);
      next += count;
      if (!isThere && !hitRecords.includes(record)) wrong.push(`record ${record} was not hit, and is missing`);
      return !isThere;
    });
    const missingPoints = missing.reduce((sum, [, count]) => sum + count, 0);
    const isTail = isKilled && (await spool.status()).suspectTails > 0;
    if (!isTail && lostHere.records !== missing.length)
      wrong.push(`${missing.length} records are missing, ${lostHere.records} are counted`);
    if (!isTail && lostHere.points !== missingPoints)
      wrong.push(`${missingPoints} points are missing, ${lostHere.points} are counted`);
    if (reader.backlog().points !== 0) wrong.push(`a backlog of ${reader.backlog().points} is left`);
    const counted = spool.deadLetters.count();
    const letters = everyLetter(spool.deadLetters).length;
    if (letters + spool.lost().deadLetters - before.deadLetters !== counted) wrong.push('lost letters are not counted');
    const parkedCount = spool.parking.count();
    const parked = spool.parking.waitedFor().flatMap((node) => spool.parking.waitingFor(node, 99)).length;
    if (parked + spool.lost().parked !== parkedCount) wrong.push('lost parked measurements are not counted');
    let retried = 0;
    for (let retry = tsdb.nextRetry(); retry !== undefined; retry = tsdb.nextRetry()) retried += retry.points.length;
    if (retried + spool.lost().points - lostHere.points !== retryBytes) wrong.push('lost retries are not counted');
    if (!isKilled && counted + parkedCount + retryBytes !== 28 + 14 + 28)
      wrong.push(`the state is not as it was: ${[counted, parkedCount, retryBytes].join()}`);
    await spool.append(points(1, 1001));
    if (numbersOfPoints(await drained(reader)).join() !== '1001') wrong.push('a later delivery is not read');
  };
  await scoped(judge).catch((error: unknown) => wrong.push(`throws ${(error as Error).stack}`));
  return wrong.map((words) => `${one.name} at ${one.from}: ${words}`);
}

async function judgeAll(t: ExecutionContext, one: Filled, hits: readonly Hit[], isKilled: boolean): Promise<void> {
  const wrong: string[] = [];
  for (const each of hits) wrong.push(...(await judged(one, each, { isKilled })));
  t.deepEqual(wrong, []);
}

function seedOf(t: ExecutionContext, fallback: number): number {
  const seed = 1 + (Number(process.env['BRIDGE_SEED'] ?? fallback) % 2147483646);
  t.log(`seed ${seed}`);
  return seed;
}

test('damage in the segments of a stopped spool loses only the damaged data, and counts it', async (t) => {
  const one = await filled(t);
  await judgeAll(t, one, hitsOf(one, 260, seedOf(t, 20261130)), false);
});

test('damage in the segments of a killed spool without a checkpoint loses only the damaged data', async (t) => {
  const one = await filled(t, { isKilled: true });
  const hits = hitsOf(one, 120, seedOf(t, 7));
  const { name: last, at } = one.lastGroup;
  const outsideLastGroup = hits.filter(({ name, to }) => !name.startsWith(last) || to <= at);
  await judgeAll(t, one, outsideLastGroup, true);
});

test('a damaged record is counted as lost even if later records of its group are finished', async (t) => {
  const directory = await memoryDirectory(t);
  const groups: WrittenGroup[] = [];
  const spool = await smallSpool(t, directory, { write: recordingWrite(groups) });
  const reader = await spool.reader('tsdb');
  await spool.append([], run('first'));
  await Promise.all([1, 2, 3, 4, 5].map((number) => spool.append(points(1, number))));
  const { name, at, bytes } = groups.at(-1) as WrittenGroup;
  const batches = [1, 2, 3, 4, 5].map(() => reader.next(1) as Batch);
  await reader.finish(batches[4] as Batch, nothing);
  await spool.close();
  const file = readFileSync(join(directory, name));
  const hit = at + bytes.indexOf('by_node.2"');
  file[hit] = (file[hit] as number) ^ 1;
  writeFileSync(join(directory, name), file);
  const later = await smallSpool(t, directory);
  const again = await later.reader('tsdb');
  t.deepEqual(numbersOfPoints(await drained(again)), [1, 3, 4]);
  t.like(later.lost(), { records: 1, points: 1 });
  t.is(again.backlog().points, 0);
});
