// Damage anywhere in the files of the log: no wrong point, every record delivered or counted as lost, and lost only what was hit.

import test, { type ExecutionContext } from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { firstGroupAt, frameHeaderBytes } from '../../../src/spool/log/format.ts';
import { firstGroupOf } from '../../../src/spool/log/group-index.ts';
import { readGroup, openSegmentFile } from '../../../src/spool/log/scan.ts';
import { readSegmentHeader } from '../../../src/spool/log/segment-files.ts';
import { segmentEntry } from '../../../src/spool/log/segment-table.ts';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { copied, drained, filesOf, nothing, numbersOfPoints, smallSpool, swiftDirectory } from '../small-spool.ts';

interface StoredFrame {
  readonly from: number;
  readonly to: number;
  /** The record in it, from 1; 0: none. */
  readonly record: number;
}

interface Filled {
  readonly directory: string;
  readonly lastPoint: number;
  readonly points: ReadonlyMap<number, number>;
  readonly frames: ReadonlyMap<string, readonly StoredFrame[]>;
  /** The file and place of the last group of all. */
  readonly lastGroup: { readonly name: string; readonly at: number };
}

/** A spool of several segments with all there can be in it. `others` has finished nothing. */
async function filled(t: ExecutionContext, { isKilled = false } = {}): Promise<Filled> {
  const directory = await swiftDirectory(t);
  const spool = await smallSpool(t, directory);
  const [tsdb] = [await spool.reader('tsdb'), await spool.reader('other')];
  const pointsOf = new Map<number, number>();
  let [record, next] = [0, 1];
  const push = async (count: number, options = {}): Promise<void> => {
    pointsOf.set((record += 1), count);
    const appended = spool.append(points(count, next), { run: { key: `${record}`, digest: 'a' }, ...options });
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
      letters: [{ kind: 'rejected', reason: 'no', raw: `r${round}`, sink: 'tsdb' }],
    });
    if (round % 2 === 0) await tsdb.finish(first, nothing);
  }
  const killed = isKilled ? await copied(t, directory) : directory;
  await spool.close();
  const frames = new Map(filesOf(killed, 'segment').map((name) => [name, framesIn(killed, name)]));
  const last = [...frames].findLast(([, all]) => all.length > 0) as [string, (StoredFrame & { group: number })[]];
  return {
    directory: killed,
    lastPoint: next - 1,
    points: pointsOf,
    frames,
    lastGroup: { name: last[0], at: last[1].at(-1)?.group ?? 0 },
  };
}

function framesIn(directory: string, name: string): (StoredFrame & { group: number })[] {
  const header = readSegmentHeader(directory, Number(name.slice(0, 12)));
  const file = openSegmentFile(join(directory, name));
  const entry = segmentEntry(header as NonNullable<typeof header>, file.size());
  const frames: (StoredFrame & { group: number })[] = [];
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

/** A sample of all the places; with BRIDGE_LONG=1 all of them, which takes an hour and more, or with BRIDGE_EVERY=41 as well every 41st. */
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

/** Opens it, reads all that is in it; what is wrong with that. */
async function judged(filledOne: Filled, one: Hit, { isKilled }: { readonly isKilled: boolean }): Promise<string[]> {
  const ends: (() => unknown)[] = [];
  const scope = { teardown: (end: () => unknown) => void ends.unshift(end) } as Pick<ExecutionContext, 'teardown'>;
  const wrong: string[] = [];
  try {
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
      if (!isThere && !hitRecords.includes(record)) wrong.push(`record ${record} was not hit, and is gone`);
      return !isThere;
    });
    const missingPoints = missing.reduce((sum, [, count]) => sum + count, 0);
    const isTail = isKilled && (await spool.status()).suspectTails > 0;
    if (!isTail && lostHere.records !== missing.length)
      wrong.push(`${missing.length} records are gone, ${lostHere.records} are counted`);
    if (!isTail && lostHere.points !== missingPoints)
      wrong.push(`${missingPoints} points are gone, ${lostHere.points} are counted`);
    if (reader.backlog().points !== 0) wrong.push(`a backlog of ${reader.backlog().points} is left`);
    const counted = spool.deadLetters.count();
    const letters = everyLetter(spool.deadLetters).length;
    if (letters + spool.lost().deadLetters - before.deadLetters !== counted)
      wrong.push('letters are gone that are not counted');
    const parkedCount = spool.parking.count();
    const parked = spool.parking.waitedFor().flatMap((node) => spool.parking.waitingFor(node, 99)).length;
    if (parked + spool.lost().parked !== parkedCount) wrong.push('what was parked is gone and not counted');
    let retried = 0;
    for (let retry = tsdb.nextRetry(); retry !== undefined; retry = tsdb.nextRetry()) retried += retry.points.length;
    if (retried + spool.lost().points - lostHere.points !== retryBytes)
      wrong.push('retries are gone that are not counted');
    if (!isKilled && counted + parkedCount + retryBytes !== 28 + 14 + 28)
      wrong.push(`the state is not as it was: ${[counted, parkedCount, retryBytes].join()}`);
    await spool.append(points(1, 1001));
    if (numbersOfPoints(await drained(reader)).join() !== '1001') wrong.push('it does not go on');
  } catch (error) {
    wrong.push(`throws ${(error as Error).stack}`);
  } finally {
    for (const end of ends) await end();
  }
  return wrong.map((words) => `${one.name} at ${one.from}: ${words}`);
}

test('damage anywhere in the segments of a spool that was stopped costs what was hit, and all of it is counted', async (t) => {
  const seed = 1 + (Number(process.env['BRIDGE_SEED'] ?? 20261130) % 2147483646);
  t.log(`seed ${seed}`);
  const one = await filled(t);
  const wrong: string[] = [];
  for (const each of hitsOf(one, 260, seed)) wrong.push(...(await judged(one, each, { isKilled: false })));
  t.deepEqual(wrong, []);
});

test('damage anywhere in the segments of a spool that was killed, without a checkpoint, costs what was hit', async (t) => {
  const seed = 1 + (Number(process.env['BRIDGE_SEED'] ?? 7) % 2147483646);
  t.log(`seed ${seed}`);
  const one = await filled(t, { isKilled: true });
  const hits = hitsOf(one, 120, seed).filter(
    ({ name, to }) => !name.startsWith(one.lastGroup.name) || to <= one.lastGroup.at,
  );
  const wrong: string[] = [];
  for (const each of hits) wrong.push(...(await judged(one, each, { isKilled: true })));
  t.deepEqual(wrong, []);
});
